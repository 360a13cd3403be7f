"""The main job on sample data: learn without labels, then find one template's points everywhere."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_localcl.data.annotations import by_image, read_landmarks, write_landmarks
from napari_localcl.data.atomic import replacing
from napari_localcl.data.folder import find_images
from napari_localcl.data.project_opening import create_project, open_project
from napari_localcl.data.samples import sample_folder
from napari_localcl.tasks.evaluation import ErrorSummary, copy_template, evaluate_landmarks
from napari_localcl.tasks.figures import contact_sheet, draw_figures
from napari_localcl.tasks.landmarks import locate
from napari_localcl.tasks.pretraining import pretrain
from napari_localcl.tasks.project_runs import ProjectRuns

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.folder import Listing
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.project import Project
    from napari_localcl.training.budget import Budget

SHOWN = 12  # images on the overview
PROJECT = "project"
SETTINGS = {"fundus": {"sides": "learned"}}  # of sample sets, beyond the defaults


@dataclass(frozen=True)
class DemoResult:
    """What the demo found, and where it wrote it.

    Attributes
    ----------
    folder : Path
        Holds ``landmarks.csv``, ``template.csv``, ``figures/``, ``overview.png``, ``report.json``
        and the project with the run, which the window opens.
    sample, template : str
        The sample set, and the image whose points were given.
    images : int
        How many other images there are.
    found, copied : ErrorSummary
        Errors of the landmarks found, and of the template's coordinates copied.
    """

    folder: Path
    sample: str
    template: str
    images: int
    found: ErrorSummary
    copied: ErrorSummary

    def facts(self) -> dict[str, object]:
        """Return everything as plain values, fit for JSON."""
        return {**asdict(self), "folder": str(self.folder)}

    @property
    def project(self) -> Path:
        """The folder of the project."""
        return self.folder / PROJECT

    @property
    def text(self) -> str:
        """The result for a person."""
        rows = [("", "mean px", "median px", *(f"<= {r:g} px" for r in self.found.success))]
        for name, errors in (("found", self.found), ("copied from template", self.copied)):
            figures = (f"{errors.pixels.mean:.2f}", f"{errors.pixels.median:.2f}")
            rows.append((name, *figures, *(f"{share:.1%}" for share in errors.success.values())))
        table = "\n".join(row[0].ljust(22) + "".join(c.rjust(11) for c in row[1:]) for row in rows)
        return (
            f"{self.sample}: {self.found.count} points in {self.images} images from the template "
            f"{self.template}\n{table}\nresults: {self.folder} (begin with overview.png)"
        )


def run_demo(
    out: Path,
    sample: str = "skeleton",
    *,
    budget: Budget,
    settings: Mapping[str, object] | None = None,
    seed: int = 0,
    device: str = "auto",
    cache: Path | None = None,
    started: float | None = None,
) -> Generator[Progress, None, DemoResult]:
    """Pre-train on a sample set, locate one template's landmarks, and compare with the truth.

    Parameters
    ----------
    out : Path
        Where to write; runs of earlier demos, and what people did in its project, are kept.
    sample : str
        The sample set.
    budget : Budget
        Of the pre-training.
    settings : mapping or None
        Of the pre-training, beyond the defaults.
    seed : int
        What chance depends on.
    device : {'auto', 'cpu', 'cuda', 'mps'}
        Where to compute.
    cache : Path or None
        Where decoded images are kept.
    started : float or None
        ``time.monotonic()`` at the start of the verb.

    Returns
    -------
    DemoResult
        What the generator returns at its end.
    """
    folder = sample_folder(sample)
    images, truth = folder / "images", read_landmarks(folder / "landmarks.csv")
    listing = find_images(images)
    template = by_image(truth)[listing.planes[0].name]
    found = yield from _learn_and_find(
        out / PROJECT,
        images,
        template,
        budget=budget,
        settings={**SETTINGS.get(sample, {}), **(settings or {})},
        seed=seed,
        device=device,
        cache=cache,
        started=started,
    )
    others = [row for row in found if row.image != template[0].image]
    write_landmarks(out / "template.csv", template)
    write_landmarks(out / "landmarks.csv", others)
    yield from _draw(listing, others, truth, out)
    return _report(out, sample, listing, template, others, truth)


def _learn_and_find(
    folder: Path,
    images: Path,
    template: Sequence[Landmark],
    *,
    device: str,
    cache: Path | None,
    **training: Any,
) -> Generator[Progress, None, tuple[Landmark, ...]]:
    """Do it in a project, where what was learned and found is kept."""
    project = yield from _open(folder, images)
    try:
        runs = ProjectRuns(project)
        run = yield from pretrain(images, runs.begin("ld"), device=device, cache=cache, **training)
        found = yield from locate(images, run.path, template, None, device, cache)
        runs.choose(run.path.name)
        _keep(project, template, found)
    finally:
        project.close()
    return found


def _open(folder: Path, images: Path) -> Generator[Progress, None, Project]:
    if not (folder / "project.json").exists():
        return (yield from create_project(folder, images))
    project = open_project(folder)
    project.check_writable()
    return project


def _keep(project: Project, template: Sequence[Landmark], found: Sequence[Landmark]) -> None:
    """Save what was found in the project; what people placed there stays."""
    placed = {(point.image, point.landmark) for point in project.annotations.human_points()}
    fresh = [mark for mark in template if (mark.image, mark.landmark) not in placed]
    project.edit(project.annotations.place_all(fresh))
    project.set_predictions(found)
    project.save()


def _draw(
    listing: Listing, found: Sequence[Landmark], truth: Sequence[Landmark], out: Path
) -> Generator[Progress, None, None]:
    pictures = yield from draw_figures(listing, found, out / "figures", truth)
    with replacing(out / "overview.png") as part:
        contact_sheet(pictures[:SHOWN]).save(part, format="PNG")


def _report(
    out: Path,
    sample: str,
    listing: Listing,
    template: Sequence[Landmark],
    found: Sequence[Landmark],
    truth: Sequence[Landmark],
) -> DemoResult:
    image = template[0].image
    sizes = {plane.name: plane.header.size for plane in listing.planes}
    others = [name for name in sizes if name != image]
    copied = copy_template(template, others, sizes)
    result = DemoResult(
        out,
        sample,
        image,
        len(others),
        evaluate_landmarks(found, truth, exclude=[image]).overall,
        evaluate_landmarks(copied, truth, exclude=[image]).overall,
    )
    with replacing(out / "report.json") as part:
        part.write_text(json.dumps(result.facts(), indent=2), encoding="utf-8")
    return result
