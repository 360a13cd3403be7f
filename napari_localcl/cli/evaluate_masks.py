"""``evaluate masks``: how well predicted masks agree with the truth."""

from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.tables import (
    Exclude,
    JsonFile,
    first_named,
    parse_spacing,
    print_table,
    spread_cells,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_localcl.tasks.mask_evaluation import MaskEvaluation
    from napari_localcl.tasks.mask_scores import MaskScore, MaskSummary

_OUTCOMES = {
    "missed": "missed ({}), Dice 0 and no distance",
    "false alarm": "false alarms ({}), Dice 0 and no distance",
    "both empty": "left out ({}), truth and prediction are both empty",
}


def masks(
    predicted: Annotated[
        str,
        typer.Argument(
            metavar="PREDICTED",
            help="Masks: a folder, a file, or a glob in quotes (PNG, TIFF, NIfTI).",
            show_default=False,
        ),
    ],
    truth: Annotated[
        str, typer.Argument(metavar="TRUTH", help="The true ones, likewise.", show_default=False)
    ],
    spacing: Annotated[
        str | None,
        typer.Option(
            metavar="MM",
            help="Millimetres per pixel, or several as Z,Y,X or Y,X.",
            show_default="as the files state it; if not all do, distances are in pixels",
        ),
    ] = None,
    label: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N",
            help="Compare this label; may be repeated. With a single one, masks of only 0 and 1, "
            "or only 0 and 255, mark it too.",
            show_default="all of the truth",
        ),
    ] = None,
    exclude: Exclude = None,
    json_file: JsonFile = None,
) -> None:
    """Report Dice, IoU, HD95 and average surface distance: mean, median and std over images.

    Masks are matched by name; all of a side may share an ending that the others lack (a.png and
    a_disc.png). Volumes are compared in 3-D. Dice and IoU are from 0 to 1. HD95 is the larger of
    the two directed 95th percentiles, the average surface distance symmetric. Where truth and
    prediction are both empty, nothing is scored; where one is, Dice and IoU are 0 and there is no
    distance. A missing prediction counts as an empty one. All these are counted and named.
    """
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.tasks.mask_evaluation import evaluate_masks

    work = evaluate_masks(
        predicted,
        truth,
        labels=label,
        spacing=parse_spacing(spacing, "Z,Y,X"),
        exclude=exclude or (),
    )
    found = drain(work, reporter(False))
    _print(found)
    write_json(json_file, found.as_dict())


def _print(found: "MaskEvaluation") -> None:
    several = [found.overall] if len(found.structures) > 1 else []
    rows = [row for summary in (*found.structures, *several) for row in _rows(summary, found.unit)]
    print_table([["structure", "measure", "mean", "median", "std", "images"], *rows], names=2)
    for line in _remarks(found):
        print(line)


def _rows(summary: "MaskSummary", unit: str) -> list[list[str]]:
    measured = summary.outcomes["scored"]
    scored = sum(summary.outcomes.values()) - summary.outcomes["both empty"]
    rows = [
        ("Dice", summary.dice, 3, scored),
        ("IoU", summary.iou, 3, scored),
        (f"HD95 {unit}", summary.hd95, 2, measured),
        (f"surface distance {unit}", summary.surface, 2, measured),
    ]
    return [
        [summary.name, measure, *spread_cells(spread, digits), str(images)]
        for measure, spread, digits, images in rows
    ]


def _remarks(found: "MaskEvaluation") -> "Iterator[str]":
    if found.missing:
        names = first_named(found.missing)
        yield f"missing predictions ({len(found.missing)}), counted as empty: {names}"
    if found.unusable:
        yield f"cannot be used ({len(found.unusable)}): {first_named(found.unusable, '; ')}"
    for outcome, meaning in _OUTCOMES.items():
        ended = [_name(one, found) for one in found.images if one.outcome == outcome]
        if ended:
            yield f"{meaning.format(len(ended))}: {first_named(ended)}"
    if found.untold:
        yield f"predictions without a truth to compare with: {found.untold}"
    yield from found.notes


def _name(one: "MaskScore", found: "MaskEvaluation") -> str:
    return f"{one.image} ({one.structure})" if len(found.structures) > 1 else one.image
