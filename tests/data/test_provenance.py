from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from napari_localcl.data.provenance import ProcessRecord


@pytest.fixture
def sleeper():
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as child:
        yield child


def record_of(child: subprocess.Popen[bytes]) -> ProcessRecord:
    started = psutil.Process(child.pid).create_time()
    return ProcessRecord.own().model_copy(update={"number": child.pid, "started": started})


def test_this_process_is_alive_but_no_other():
    own = ProcessRecord.own()
    assert own.is_alive()
    assert not own.is_another_alive()


def test_another_process_is_alive_until_it_ends(sleeper):
    record = record_of(sleeper)
    assert record.is_another_alive()
    sleeper.communicate()
    assert not record.is_alive()


def test_a_later_process_of_the_same_number_is_not_the_same(sleeper):
    record = record_of(sleeper)
    assert not record.model_copy(update={"started": record.started - 60}).is_alive()


def test_nobody_knows_of_a_process_elsewhere(sleeper):
    record = record_of(sleeper).model_copy(update={"host": "another-computer"})
    assert record.is_elsewhere
    assert not record.is_alive()
