"""``methods``: the published systems, their stages and settings."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.options import Events

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_localcl.methods import Method


def methods(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[METHOD]", help="Only this one.", show_default="all"),
    ] = None,
    events: Events = False,
) -> None:
    """List the published systems: paper, stages, presets, and all settings with their ranges.

    Without METHOD also the priors of shapes that 'shapes' knows, and the settings of 'classify'.
    """
    from napari_localcl.methods import PUBLISHED
    from napari_localcl.tasks.plans import find_method

    chosen = [find_method(name)] if name else list(PUBLISHED.values())
    if events:
        _tell(chosen)
    else:
        _print(chosen)
        if name is None:
            _print_priors()
            _print_classify()


def _tell(methods: "Sequence[type[Method]]") -> None:
    """Say what a form needs to know: the settings of each preset, and where one can compute."""
    from napari_localcl.cli.reporter import reporter
    from napari_localcl.tasks.plans import METHOD, PRESET
    from napari_localcl.training.devices import describe_device, present_devices

    devices = present_devices()
    reporter(events=True).result(
        "",
        methods=[_facts(method) for method in methods],
        method=METHOD,
        preset=PRESET,
        devices=["auto", *devices],
        device_names={device: describe_device(device) for device in devices},
        classify=_classify_facts(),
    )


def _classify_facts() -> dict[str, object]:
    from napari_localcl.data.settings import build_settings, list_settings
    from napari_localcl.tasks.series.planning import PRESET
    from napari_localcl.tasks.series.settings import PRESET_HELP, PRESETS, ClassifySettings

    built = {name: build_settings(ClassifySettings, {}, own) for name, own in PRESETS.items()}
    return {
        "preset": PRESET,
        "presets": {n: [asdict(one) for one in list_settings(own)] for n, own in built.items()},
        "preset_help": PRESET_HELP,
    }


def _facts(method: "type[Method]") -> dict[str, object]:
    return {
        "name": method.name,
        "title": method.title,
        "paper": method.paper,
        "presets": _settings(method, method.presets),
        "shape_presets": _settings(method, method.shape_presets),
        "label_presets": _settings(method, method.label_presets),
        "preset_help": dict(method.preset_help),
        "deciding": method.deciding,
        "label_preset_help": dict(method.label_preset_help),
    }


def _settings(
    method: "type[Method]", presets: "Mapping[str, Mapping[str, object]]"
) -> dict[str, list[dict[str, object]]]:
    from napari_localcl.data.settings import list_settings

    built = {name: method.settle({}, own) for name, own in presets.items()}
    return {name: [asdict(one) for one in list_settings(own)] for name, own in built.items()}


def _print(methods: "Sequence[type[Method]]") -> None:
    from rich.console import Console

    from napari_localcl.tasks.plans import PRESET

    console = Console(highlight=False)
    for method in methods:
        settings = method.settle({}, method.presets[PRESET])
        stages = method(settings, 1).stages
        shares = ", ".join(f"{stage.name} ({stage.share:.0%} of the budget)" for stage in stages)
        console.print(f"[bold]{method.name}[/bold]  {method.title}")
        console.print(f"paper    {method.paper}", markup=False)
        console.print(f"stages   {shares}", markup=False)
        console.print(f"presets  {', '.join(method.presets)}", markup=False)
        for preset, help_text in method.preset_help.items():
            console.print(f"         {preset}: {help_text}", markup=False)
        for recipe, help_text in method.label_preset_help.items():
            console.print(f"recipe   {recipe}: {help_text}", markup=False)
        console.print(_settings_table(settings))


def _print_priors() -> None:
    from rich.console import Console

    from napari_localcl.data.priors import families, prior_settings

    console = Console(highlight=False)
    console.print("[bold]priors[/bold]  shapes that 'shapes --prior' looks for")
    for source in ("masks of your own", *families()):
        own = prior_settings(source) if source in families() else prior_settings(Path())
        console.print(f"prior    {source}", markup=False)
        console.print(_settings_table(own(), "prior."))


def _print_classify() -> None:
    from rich.console import Console

    from napari_localcl.tasks.series.settings import PRESET_HELP, ClassifySettings

    console = Console(highlight=False)
    console.print("[bold]classify[/bold]  how findings of series are learned")
    for preset, help_text in PRESET_HELP.items():
        console.print(f"preset   {preset}: {help_text}", markup=False)
    console.print(_settings_table(ClassifySettings()))


def _settings_table(settings: object, prefix: str = "") -> object:
    from rich.table import Table

    from napari_localcl.data.settings import list_settings

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("setting", "default", "allowed", "meaning"):
        table.add_column(column, overflow="fold")
    for setting in list_settings(settings, prefix):  # type: ignore[arg-type]
        table.add_row(setting.name, str(setting.default), setting.allowed, setting.help)
    return table
