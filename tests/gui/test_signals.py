"""What the system asks is heard by the event loop, in its turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from fmstudio.gui.signals import Signals
from fmstudio.startup import ENDING_SIGNALS

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def signals() -> Iterator[Signals]:
    signals = Signals()
    yield signals
    signals.close()


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_that_a_signal_is_heard_by_the_loop_and_never_at_once(qtbot, signals: Signals, number: int) -> None:
    heard: list[int] = []
    signals.heard.connect(heard.append)
    with qtbot.waitSignal(signals.heard):
        os.kill(os.getpid(), number)
        for _ in range(1000):  # where a handler of Python's would run
            pass
        assert heard == []
    assert heard == [number]


def test_that_a_second_signal_is_heard_while_the_first_is_answered(qtbot, signals: Signals) -> None:
    heard: list[int] = []

    def hear(number: int) -> None:
        heard.append(number)
        if len(heard) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
            qtbot.waitUntil(lambda: len(heard) == 2)  # a question to the person

    signals.heard.connect(hear)
    os.kill(os.getpid(), signal.SIGINT)
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard == [signal.SIGINT, signal.SIGTERM]


def test_that_what_was_ignored_stays_so_and_all_is_as_before_after() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        handlers = [signal.getsignal(number) for number in ENDING_SIGNALS]
        signals = Signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is not handlers[0]
        signals.close()
        assert [signal.getsignal(number) for number in ENDING_SIGNALS] == handlers
    finally:
        signal.signal(signal.SIGHUP, before)
