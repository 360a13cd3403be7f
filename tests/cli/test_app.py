"""The command as a whole: fast to start, clear when something is wrong."""

import resource
import subprocess
import sys

import pytest

from napari_localcl.cli.entry import run

VERBS = ["demo", "methods", "pretrain", "landmarks", "classify", "export"]
VERBS += ["import", "window", "evaluate"]
EVALUATE = [["evaluate", name] for name in ("landmarks", "masks", "series")]


@pytest.mark.parametrize("verb", [[], *[[verb] for verb in VERBS], *EVALUATE])
def test_every_verb_explains_itself(verb, capsys):
    assert run([*verb, "--help"]) == 0
    assert "Usage: napari-localcl" in capsys.readouterr().out


@pytest.mark.parametrize(
    "verb", [[], ["pretrain"], ["landmarks"], ["classify"], ["export"], ["window"], *EVALUATE]
)
def test_help_imports_nothing_heavy(verb):
    code = (
        f"import sys; from napari_localcl.cli.entry import run; run({[*verb, '--help']!r}); "
        "heavy = {'torch', 'numpy', 'scipy', 'skimage', 'SimpleITK', 'pydicom', 'lightning_fabric'}"
        "; sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_takes_less_than_half_a_second():
    def seconds():
        # Of the processor, for other tests run at the same time.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "napari_localcl", "--help"]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.5


def test_bad_input_is_one_sentence_and_status_2(tmp_path, capsys):
    status = run(["evaluate", "landmarks", str(tmp_path / "no.csv"), str(tmp_path / "no.csv")])
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.startswith(f"napari-localcl: {tmp_path / 'no.csv'} does not exist")
    assert captured.err.count("\n") == 1
    assert not captured.out


def test_an_unknown_verb_or_option_is_status_2(capsys):
    assert run(["pretend"]) == 2
    assert run(["pretrain", "images", "--run", "r", "--speed", "9"]) == 2
    assert "No such" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, capsys, pictures):
    (tmp_path / "file").write_text("in the way")
    run_folder = tmp_path / "file" / "run"
    status = run(["pretrain", str(pictures), "--run", str(run_folder), "--steps", "1"])
    assert status == 2
    assert "Traceback" not in capsys.readouterr().err
