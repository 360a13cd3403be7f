"""The runs of a project: listed, named, chosen and removed; none is ever lost by another one."""

import shutil
import subprocess
import sys

import psutil
import pytest
from projects import new_project
from tiny import tiny_record, tiny_train

from napari_localcl.data.errors import BadInput
from napari_localcl.data.project_opening import open_project
from napari_localcl.tasks.project_runs import ProjectRuns
from napari_localcl.training.run import RunFolder


@pytest.fixture
def project(tmp_path, pictures):
    return new_project(tmp_path / "study", pictures)


@pytest.fixture
def runs(project):
    return ProjectRuns(project)


def add_run(runs, method="tiny", status="finished", **changes):
    path = runs.begin(method)
    RunFolder.create(path, tiny_record()).update(status=status, **changes)
    return path.name


def another_process(run: RunFolder, **changes):
    """Note another process as the one that trains a run."""
    run.update(process={**dict(run.record.process), **changes})


def test_at_first_there_are_none(runs):
    assert runs.rows() == ()
    assert runs.current is None


def test_a_run_is_listed_with_its_facts(runs):
    folder = runs.begin("tiny")
    for _ in tiny_train(folder, steps=6):
        pass
    (row,) = runs.rows()
    assert (row.folder, row.name, row.method, row.status) == (
        "tiny-1",
        "tiny-1",
        "tiny",
        "finished",
    )
    assert row.finished is not None
    assert row.minutes == RunFolder(folder).record.seconds / 60
    lines = [line.split(",") for line in RunFolder(folder).metrics.read_text().splitlines()]
    last = [float(line[4]) for line in lines if line[0] == "6"]
    assert len(last) == 2
    assert (row.steps, row.loss) == (6, pytest.approx(sum(last)))


def test_the_loss_is_found_at_the_end_of_a_long_table_and_left_out_where_there_is_none(runs):
    metrics = RunFolder(runs._project.runs / add_run(runs)).metrics
    assert runs.rows()[0].loss is None
    metrics.write_text("step,stage,seconds,term,value\n")
    assert runs.rows()[0].loss is None
    many = "".join(f"{n},one,1.0,a,{n}\n{n},one,1.0,b,0.5\n" for n in range(5000))
    metrics.write_text(f"step,stage,seconds,term,value\n{many}5000,one,1")
    assert runs.rows()[0].loss == 4999.5


def test_the_latest_comes_first(runs):
    for day in (2, 3, 1):
        add_run(runs, started=f"2026-01-0{day}T00:00:00+00:00")
    assert [row.folder for row in runs.rows()] == ["tiny-2", "tiny-1", "tiny-3"]


def test_a_change_on_the_disk_is_seen(runs):
    folder = add_run(runs, "tiny", "running")
    assert runs.rows()[0].status == "running"
    RunFolder(runs._project.runs / folder).update(status="finished")
    assert runs.rows()[0].status == "finished"


def test_a_run_whose_process_died_is_interrupted_and_one_elsewhere_may_be_running(runs):
    run = RunFolder(runs._project.runs / add_run(runs, "tiny", "running"))
    another_process(run, started=1.0)
    assert runs.rows()[0].status == "interrupted"
    another_process(run, host="cluster")
    assert runs.rows()[0].status == "running"


def test_the_latest_run_is_offered_to_go_on_with_if_it_broke_off(runs):
    assert runs.interrupted("pretrain") is None
    folder = add_run(runs, status="interrupted", started="2026-01-01T00:00:00+00:00")
    assert runs.interrupted("pretrain").folder == folder
    assert runs.interrupted("pretrain").can_be_resumed
    add_run(runs, started="2026-01-02T00:00:00+00:00")
    assert runs.interrupted("pretrain") is None


def test_a_run_is_opened_by_its_name_alone(runs):
    assert runs.open(add_run(runs)).record.method == "tiny"
    with pytest.raises(BadInput, match="has no run"):
        runs.open("../elsewhere")


def test_a_damaged_run_is_listed_as_such_and_can_be_deleted(runs):
    folder = add_run(runs)
    (runs._project.runs / folder / "run.json").write_text("{")
    assert runs.rows()[0].status == "damaged"
    runs.delete(folder)
    assert runs.rows() == ()


def test_the_chosen_run_is_remembered_with_the_project(runs, project):
    folder = add_run(runs)
    runs.choose(folder)
    project.save()
    project.close()
    again = ProjectRuns(open_project(project.folder))
    assert again.current == project.runs / folder
    assert again.rows()[0].is_current


@pytest.mark.parametrize("status", ["running", "interrupted", "failed"])
def test_a_run_that_did_not_finish_never_replaces_an_earlier_one(runs, status):
    good = add_run(runs)
    runs.choose(good)
    bad = add_run(runs, status=status)
    assert bad != good
    with pytest.raises(BadInput, match=f"is {status}; choose one that is finished"):
        runs.choose(bad)
    assert runs.current.name == good
    if status != "running":
        runs.delete(bad)
    assert runs.current.name == good


def test_a_run_that_is_gone_is_no_longer_current(runs):
    folder = add_run(runs)
    runs.choose(folder)
    shutil.rmtree(runs.current)
    assert runs.current is None


def test_a_name_is_changed_without_moving_the_folder(runs):
    one, two = add_run(runs), add_run(runs)
    runs.rename(one, " with more images ")
    names = {row.folder: row.name for row in runs.rows()}
    assert names == {one: "with more images", two: two}
    assert (runs._project.runs / one).is_dir()
    for taken in ("with more images", two):
        with pytest.raises(BadInput, match="another run is called"):
            runs.rename(two if taken != two else one, taken)
    with pytest.raises(BadInput, match="needs a name"):
        runs.rename(one, " ")


def test_a_deleted_run_is_gone_and_its_name_never_comes_back(runs):
    folder = add_run(runs)
    runs.choose(folder)
    runs.rename(folder, "mine")
    runs.delete(folder)
    assert list(runs._project.runs.iterdir()) == []
    assert runs.current is None
    assert runs._project.record.run_names == {}
    assert runs.begin("tiny").name == "tiny-2", "predictions of the old one may still be there"


def test_a_running_run_is_not_deleted(runs):
    run = RunFolder(runs._project.runs / add_run(runs, status="running"))
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as child:
        started = psutil.Process(child.pid).create_time()
        another_process(run, number=child.pid, started=started)
        with pytest.raises(BadInput, match="is running; cancel it first"):
            runs.delete(run.path.name)
    assert run.holds_record()
    runs.delete(run.path.name)


def test_nothing_outside_of_the_project_is_removed(runs, tmp_path):
    outside = RunFolder.create(tmp_path / "outside", tiny_record())
    outside.update(status="finished")
    with pytest.raises(BadInput, match="has no run"):
        runs.delete("../../outside")
    (runs._project.runs / "linked").symlink_to(outside.path, target_is_directory=True)
    runs.delete("linked")
    assert runs.rows() == ()
    assert outside.holds_record()


def test_a_window_for_reading_only_deletes_nothing(runs, project):
    folder = add_run(runs)
    with pytest.raises(BadInput, match="is open in another window"):
        ProjectRuns(open_project(project.folder)).delete(folder)
    assert runs.rows()


def test_a_run_that_segments_is_called_like_its_structure_and_finds_no_landmarks(runs):
    folder = add_run(runs, "optic disc", verb="shapes")
    (row,) = runs.rows()
    assert (row.structure, row.verb) == ("optic disc", "shapes")
    with pytest.raises(BadInput, match="segments optic disc; it finds no landmarks"):
        runs.choose(folder)
    assert runs.interrupted("pretrain") is None


def test_a_run_that_has_learned_a_shape_is_gone_on_with_until_its_masks_are_there(runs):
    folder = add_run(runs, "disc", verb="shapes")
    assert runs.interrupted("shapes").folder == folder
    runs._project.update(proposed_by={"disc": folder})
    assert runs.interrupted("shapes") is None
