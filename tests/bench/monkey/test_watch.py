"""What goes wrong without being asked is heard: in slots, in threads, in Qt, and on standard error."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QTimer, qCritical, qWarning

from fmstudio.bench.monkey.leaks import Census, growing
from fmstudio.bench.monkey.report import Finding, Report, Stall
from fmstudio.bench.monkey.stalls import Heartbeat
from fmstudio.bench.monkey.watch import Watch

Heard = list[tuple[str, str]]


@pytest.fixture
def heard() -> Heard:
    return []


@contextmanager
def watching(heard: Heard, capfd: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    """Standard error is pytest's own at other times."""
    watch = Watch(lambda kind, text: heard.append((kind, text)), lambda text: heard.append(("warning", text)))
    with capfd.disabled():
        watch.start()
        try:
            yield watch
        finally:
            watch.stop()


def fail() -> None:
    raise ZeroDivisionError("on purpose")


def test_that_an_exception_in_a_thread_is_heard(heard, capfd):
    with watching(heard, capfd):
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
    assert [(kind, "worker" in text and "on purpose" in text) for kind, text in heard] == [
        ("exception", True)
    ]


def test_that_an_exception_that_nobody_catches_is_heard(heard, capfd):
    with watching(heard, capfd):
        error = ZeroDivisionError("on purpose")
        sys.excepthook(type(error), error, None)
    assert "on purpose" in heard[0][1]


def test_that_what_a_child_process_says_of_its_end_is_heard(heard, capfd):
    with watching(heard, capfd) as watch:
        subprocess.run([sys.executable, "-c", "raise ValueError('in the child')"], check=False)
        watch.read()
    assert [kind for kind, _ in heard] == ["standard error"]
    assert "in the child" in heard[0][1]


def test_that_criticals_of_qt_and_errors_of_vispy_are_heard_and_warnings_apart(heard, capfd):
    with watching(heard, capfd):
        qCritical("it cannot go on")
        qWarning("it is odd")
        logging.getLogger("vispy").error("no shader")
    assert heard == [("Qt", "it cannot go on"), ("warning", "it is odd"), ("vispy", "no shader")]


def test_that_everything_is_as_it_was_afterwards(heard, capfd):
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    with watching(heard, capfd):
        kept = os.fstat(2).st_ino
    assert os.fstat(2).st_ino != kept
    assert hooks == (sys.excepthook, threading.excepthook, sys.unraisablehook)


@pytest.mark.display
def test_that_a_held_loop_is_felt_unless_it_is_pardoned(qtbot):
    late: list[float] = []
    heart = Heartbeat(late.append)
    heart.start()
    qtbot.wait(60)
    QTimer.singleShot(0, heart, held)
    qtbot.wait(100)
    assert max(late) >= 50
    late.clear()
    held()
    heart.pardon(10.0)
    qtbot.wait(60)
    heart.stop()
    assert late[0] == 0.0


def held() -> None:
    threading.Event().wait(0.08)


def marks(*descriptors: int) -> list[Census]:
    return [Census(float(i), 3, 1, 5, 10, count, 8, 300, 300) for i, count in enumerate(descriptors)]


def test_that_descriptors_that_rise_without_end_are_told_and_a_cache_that_fills_is_not():
    assert len(list(growing(marks(30, 60, 150, 260, 400)))) == 1
    assert list(growing(marks(30, 60, 70, 75, 80))) == []
    assert list(growing(marks(30, 160, 250, 160, 300))) == []


def test_that_the_report_is_clean_only_without_tracebacks_faults_and_leaks():
    finding = Finding("kind", "what", 1.0, ("an act",))
    for part in ("tracebacks", "faults", "leaks"):
        report = Report(7)
        assert report.is_clean
        getattr(report, part).append(finding)
        assert not report.is_clean
        assert report.as_dict()[part][0]["trail"] == ["an act"]


def test_that_stalls_are_told_with_the_act_of_the_worst():
    report = Report(7)
    report.stalls = [Stall(1.0, "wait")] * 99 + [Stall(500.0, "open the gallery")]
    figures = report.stall_figures()
    assert (figures["p50_ms"], figures["worst_ms"]) == (1.0, 500.0)
    assert figures["worst_act"] == "open the gallery"
