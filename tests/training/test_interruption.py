"""Ctrl-C, held back until the step in hand is finished."""

import signal
import threading

import pytest

from napari_localcl.training.interruption import Interruption


def test_the_first_signal_is_remembered_and_the_second_raises():
    with Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_other_threads_are_let_be():
    def enter():
        with Interruption() as interruption:
            seen.append(interruption.asked)

    seen = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [False]
