"""``serve`` in a process of its own."""

import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "napari_localcl", "serve", "--events"]


def test_it_ends_when_its_input_does():
    done = subprocess.run(COMMAND, input="", capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_answers_with_one_json_object_per_line():
    question = json.dumps({"ask": "pixel", "id": 7, "image": "a.png", "y": 1, "x": 1})
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write(question + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 0
    assert (answer["event"], answer["id"], answer["ask"]) == ("failed", 7, "pixel")


def test_it_is_not_listed_among_the_verbs_for_people(capsys):
    from napari_localcl.cli.entry import run

    run(["--help"])
    assert "serve" not in capsys.readouterr().out
