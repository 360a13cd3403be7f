"""The run folder: whole at every moment, and never a way in for foreign code."""

import json
import os
import pickle
import signal
import subprocess
import sys

import psutil
import pytest
import torch
from tiny import tiny_record

from napari_localcl.data.errors import BadInput
from napari_localcl.training.run import Position, RunFolder, State


def state(step: int) -> State:
    value = torch.full((3, 4), float(step))
    return State(Position(step=step), {"w": value}, {"0.step": value[0, 0]}, {})


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", tiny_record())


def test_the_record_comes_back_as_written(run):
    assert run.record.method == "tiny"
    assert run.record.versions["torch"] == torch.__version__
    assert run.update(canvas=(64, 96)).canvas == (64, 96)
    assert json.loads((run.path / "run.json").read_text())["format"] == 1


def test_a_state_comes_back_as_written(run):
    run.save_state(state(5))
    back = run.load_state()
    assert back.position == Position(step=5)
    assert torch.equal(back.model["w"], torch.full((3, 4), 5.0))
    assert back.optimizer["0.step"].item() == 5
    assert back.memory == {}


def test_only_the_last_state_is_kept(run):
    for step in range(12):
        run.save_state(state(step))
    assert len(list((run.path / "state").iterdir())) == 1
    assert run.load_state().position.step == 11


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_kill_at_any_moment_of_saving_leaves_a_whole_state(run):
    run.save_state(state(1))
    for moment in range(1, 200):
        child = os.fork()
        if not child:
            die_at(moment)
            run.save_state(state(2))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        saved = RunFolder.open(run.path).load_state()
        assert torch.equal(saved.model["w"], torch.full((3, 4), float(saved.position.step)))
        if not status:
            break
    assert moment > 10, "the child was killed at many moments"
    assert saved.position.step == 2


def die_at(moment: int) -> None:
    """Kill this process, without ceremony, at its n-th dealing with the file system."""
    left = [moment]

    def hook(event, arguments):
        if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def test_weights_fall_back_to_the_last_state_after_a_kill(run):
    run.save_state(state(4))
    assert torch.equal(run.load_weights()["w"], torch.full((3, 4), 4.0))


def test_a_run_without_weights_is_bad_input(run):
    with pytest.raises(BadInput, match="does not exist"):
        run.load_weights()


def test_a_finished_run_is_neither_overwritten_nor_resumed(run):
    run.update(status="finished")
    with pytest.raises(BadInput, match="already holds a finished run: choose another --run"):
        RunFolder.create(run.path, tiny_record())
    with pytest.raises(BadInput, match="already holds a finished run"):
        RunFolder.resume(run.path)


def test_an_unfinished_run_asks_for_resume(run):
    with pytest.raises(BadInput, match="add --resume to go on"):
        RunFolder.create(run.path, tiny_record())
    assert RunFolder.resume(run.path).record.status == "running"


def test_a_folder_with_other_things_is_no_place_for_a_run(tmp_path):
    (tmp_path / "photo.png").touch()
    with pytest.raises(BadInput, match="is no run folder"):
        RunFolder.create(tmp_path, tiny_record())


def test_a_run_that_another_process_trains_is_not_resumed(run):
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = psutil.Process(sleeper.pid).create_time()
    run.update(process={**vars(run.record.process), "number": sleeper.pid, "started": started})
    with pytest.raises(BadInput, match=f"is being trained by process {sleeper.pid}"):
        RunFolder.resume(run.path)
    sleeper.communicate(b"\n")
    assert RunFolder.resume(run.path)


def test_an_empty_folder_holds_no_run_to_resume(tmp_path):
    with pytest.raises(BadInput, match="holds no run"):
        RunFolder.resume(tmp_path)


def test_a_damaged_record_is_bad_input(run):
    (run.path / "run.json").write_text('{"format": 1, "verb":')
    with pytest.raises(BadInput, match=r"run\.json is damaged"):
        _ = run.record


def test_a_damaged_state_is_bad_input(run):
    run.save_state(state(1))
    (run.path / "state" / "1" / "state.json").write_text("{")
    with pytest.raises(BadInput, match="cannot be resumed"):
        run.load_state()


class Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('the trap snapped')",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 200,
        pickle.dumps(Trap()),
        b"\xff\xff\xff\xff\xff\xff\xff\x7f{}",
        b"\x02\x00\x00\x00\x00\x00\x00\x00[]",
    ],
    ids=["empty", "zeros", "pickle", "endless header", "header of another kind"],
)
def test_foreign_weights_are_bad_input_and_execute_nothing(run, content):
    (run.path / "weights.safetensors").write_bytes(content)
    with pytest.raises(BadInput, match="not a whole safetensors file"):
        run.load_weights()


def test_a_torch_checkpoint_under_our_name_is_bad_input(run):
    torch.save({"w": torch.zeros(3)}, run.path / "weights.safetensors")
    with pytest.raises(BadInput, match="not a whole safetensors file"):
        run.load_weights()


def test_weights_cut_short_are_bad_input(run):
    run.save_weights({"w": torch.rand(100)})
    path = run.path / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(BadInput, match="cut short"):
        run.load_weights()
