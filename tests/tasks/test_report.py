from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from projects import new_project

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks import report
from napari_localcl.tasks.report import make_report


@pytest.fixture
def project(tmp_path, pictures):
    return new_project(tmp_path / "study", pictures)


def test_versions_and_the_computer_are_told_without_a_project():
    text = make_report(None, None, {"Qt": "5.15"}, ["the disk is full"])
    for part in (
        "napari-localcl 0.",
        "torch 2.",
        "Qt 5.15",
        "processor",
        "GPU",
        "the disk is full",
    ):
        assert part in text
    assert "none is open" in text


def test_the_project_is_told_in_numbers_and_by_its_skipped_files(tmp_path, pictures):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes((pictures / "blobs_0.png").read_bytes())
    (folder / "broken.png").write_bytes(b"")
    project = new_project(tmp_path / "study", folder)
    project.edit(
        project.annotations.add_landmark("secret name").place("a.png", "secret name", 1, 1)
    )
    text = make_report(project, None)
    assert "images: 1, landmarks: 1" in text
    assert "skipped: broken.png" in text
    assert "secret name" not in text


def test_the_folder_of_the_user_is_not_told(project, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: project.folder.parent)
    assert str(project.folder) not in make_report(project, None)
    assert "folder ~" in make_report(project, None)


def test_a_run_is_told_with_its_settings_and_last_steps(project, monkeypatch):
    run = project.runs / "ld-1"
    run.mkdir(parents=True)
    (run / "metrics.csv").write_text("step\n" + "".join(f"{n}\n" for n in range(30)))

    class Folder:
        metrics = run / "metrics.csv"
        record = _record()

        def __init__(self, _path):
            pass

        open = classmethod(lambda cls, path: cls(path))

    monkeypatch.setattr(report, "RunFolder", Folder)
    text = make_report(project, run)
    assert "settings: {'rate': 0.1}" in text
    assert "metrics: 29" in text
    assert "metrics: 19\n" not in text


def _record():
    from napari_localcl.training.record import RunRecord

    return RunRecord(verb="pretrain", method="ld", settings={"rate": 0.1}, seed=0)


def test_a_damaged_run_does_not_stop_the_report(project, monkeypatch):
    def refuse(_path):
        raise BadInput("run.json is damaged")

    monkeypatch.setattr(report.RunFolder, "open", refuse)
    assert "run.json is damaged" in make_report(project, project.runs / "ld-1")


def test_it_does_not_import_torch():
    code = (
        "import sys; from napari_localcl.tasks.report import make_report; make_report(None, None);"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
