"""``methods``: the published systems, their stages and settings."""

from typing import Annotated

import typer


def methods(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[METHOD]", help="Only this one.", show_default="all"),
    ] = None,
) -> None:
    """List the published systems: paper, stages, presets, and all settings with their ranges."""
    from rich.console import Console

    from napari_localcl.methods import PUBLISHED
    from napari_localcl.tasks.plans import find_method

    console = Console(highlight=False)
    for method in [find_method(name)] if name else PUBLISHED.values():
        stages = method(method.Settings(), 1).stages
        shares = ", ".join(f"{stage.name} ({stage.share:.0%} of the budget)" for stage in stages)
        console.print(f"[bold]{method.name}[/bold]  {method.title}")
        console.print(f"paper    {method.paper}", markup=False)
        console.print(f"stages   {shares}", markup=False)
        console.print(f"presets  {', '.join(method.presets)}", markup=False)
        console.print(_settings_table(method.Settings()))


def _settings_table(settings: object) -> object:
    from rich.table import Table

    from napari_localcl.tasks.settings import list_settings

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("setting", "default", "allowed", "meaning"):
        table.add_column(column, overflow="fold")
    for setting in list_settings(settings):  # type: ignore[arg-type]
        table.add_row(setting.name, str(setting.default), setting.allowed, setting.help)
    return table
