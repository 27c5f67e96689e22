"""Isolation and guards for every test.

A test must leave nothing behind: no top-level widget, thread, running timer, child process or shared-memory
block, and no change of a global random state. What it leaves is named in the failure. The guards look only
at libraries that are loaded already, so they cost a test of pure functions well under a millisecond.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GRACE_SECONDS = 3.0
"""how long something may take to go away after a test"""

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


def pytest_configure() -> None:
    """What a shell runs in its background ignores Ctrl-C, under nohup the end of its terminal, and so would
    every child: here both are heard."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


# ---- isolation ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run: compiled shaders and fonts are the same for every test."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_home(
    tmp_path_factory: pytest.TempPathFactory, cache_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Preferences and autosaves go to a new folder, also those of child processes."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("FMSTUDIO_HOME", str(home))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))
    return home


@pytest.fixture(autouse=True)
def own_arithmetic() -> Iterator[None]:
    """An engine in this process flushes denormal numbers, as it should; that holds for the whole process, and
    no other test may see it."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and sys.float_info.min / 2 == 0:
        torch.set_flush_denormal(False)


# ---- what a test leaves behind -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test that leaves something behind, and says what."""
    timers = _watch_starts(monkeypatch)
    before = {name: look() for name, look in LOOKS.items()}
    randomness = _random_states()
    yield
    leaks = [leak for name, look in LOOKS.items() for leak in _settled(name, look, before[name])]
    leaks += [f"running timer started at {place}" for timer, place in timers if _is_running(timer)]
    leaks += [f"global random state of {name} changed" for name in _changed(randomness)]
    if leaks:
        pytest.fail(f"{request.node.nodeid} left behind:\n  " + "\n  ".join(leaks), pytrace=False)


Look = Callable[[], dict[Any, str]]
"""What is there now: a key for each thing, and its name"""

SHARED_MEMORY = "shared memory"


def _settled(name: str, look: Look, before: dict[Any, str]) -> list[str]:
    """What is new since ``before`` and does not go away by itself."""
    deadline = time.monotonic() + GRACE_SECONDS
    new = {key: what for key, what in look().items() if key not in before}
    if new:
        gc.collect()
        new = {key: what for key, what in new.items() if name != SHARED_MEMORY or not _is_foreign(key)}
    while new and time.monotonic() < deadline:
        _deliver_deletions()
        new = {key: what for key, what in look().items() if key in new}
        if new:
            time.sleep(0.01)
    return [f"{name} {what}" for what in new.values()]


def _threads() -> dict[Any, str]:
    return {
        thread.ident: f"{thread.name!r} ({type(thread).__name__})"
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.name.startswith("pytest_timeout")
    }


def _widgets() -> dict[Any, str]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return {}
    _deliver_deletions()
    found = (w for w in widgets.QApplication.topLevelWidgets() if w.parent() is None)
    return {_address(w): f"{type(w).__name__} {w.objectName() or w.windowTitle()!r}" for w in found}


def _address(widget: Any) -> int:
    import shiboken6

    return int(shiboken6.getCppPointer(widget)[0])


def _deliver_deletions() -> None:
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


def _children() -> dict[Any, str]:
    """Child processes of this one, dead ones that nobody has waited for among them (Linux only)."""
    found = {}
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            pids = task.read_text().split()
        except OSError:  # the thread has ended
            continue
        found.update({pid: f"{pid}: {command}" for pid in pids if (command := _command(pid)) is not None})
    return found


def _command(pid: str) -> str | None:
    """The command line; None for a process that is gone or belongs to Python itself."""
    try:
        command = (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        )
    except OSError:
        return None
    return None if "multiprocessing.resource_tracker" in command else command[:200] or "(not waited for)"


def _shared_memory() -> dict[Any, str]:
    """The blocks that Python's shared memory makes (Linux only)."""
    folder = Path("/dev/shm")
    if not folder.is_dir():
        return {}
    return {name: name for name in os.listdir(folder) if name.startswith("psm_")}


def _is_foreign(block: str) -> bool:
    """Another run of fmstudio on this machine maps that block."""
    ours = {str(os.getpid()), *_children()}
    for process in Path("/proc").glob("[0-9]*"):
        if process.name in ours:
            continue
        try:
            if f"/dev/shm/{block}" in (process / "maps").read_text():
                return True
        except OSError:  # gone, or not ours to read
            continue
    return False


LOOKS: dict[str, Look] = {
    "thread": _threads,
    "top-level widget": _widgets,
    "process": _children,
    SHARED_MEMORY: _shared_memory,
}


# ---- timers ------------------------------------------------------------------------------------------


def _watch_starts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[weakref.ref[Any], str]]:
    """Every QTimer that is started from now on, with the place that started it."""
    core = sys.modules.get("PySide6.QtCore")
    started: list[tuple[weakref.ref[Any], str]] = []
    if core is None:
        return started
    original = core.QTimer.start

    def start(timer: Any, *arguments: Any) -> None:
        caller = sys._getframe(1)
        started.append((weakref.ref(timer), f"{caller.f_code.co_filename}:{caller.f_lineno}"))
        original(timer, *arguments)

    monkeypatch.setattr(core.QTimer, "start", start)
    return started


def _is_running(reference: weakref.ref[Any]) -> bool:
    import shiboken6

    timer = reference()
    return timer is not None and bool(shiboken6.isValid(timer)) and bool(timer.isActive())


# ---- randomness --------------------------------------------------------------------------------------


def _random_states() -> dict[str, Any]:
    states: dict[str, Any] = {}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state()
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    return states


def _changed(before: dict[str, Any]) -> list[str]:
    after = _random_states()
    changed = []
    if "torch" in before and not bool((before["torch"] == after["torch"]).all()):
        changed.append("torch")
    if "numpy" in before:
        old, new = before["numpy"], after["numpy"]
        if old[2:] != new[2:] or not bool((old[1] == new[1]).all()):
            changed.append("numpy")
    return changed


# ---- no skipped tests in CI --------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what was not run is not known to work."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line(f"{len(reporter.stats['skipped'])} skipped tests: in CI none may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
