"""What a crash leaves is kept and offered; what was saved or let go is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile
from PySide6.QtWidgets import QPushButton, QWidget

from fmstudio.document.preferences import state_folder
from fmstudio.gui.notices import NoticeBar
from fmstudio.gui.rescue import SECONDS, Rescue
from fmstudio.studio.session import Session


class Now:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def rescue(session: Session, said: list[str], now: Now) -> Iterator[Rescue]:
    rescue = Rescue(session, said.append, now)
    yield rescue
    rescue.close()


def edit(session: Session, title: str) -> None:
    session.store.edit(lambda d: d.model_copy(update={"title": title}), "Rename")


def wait(rescue: Rescue, now: Now) -> None:
    now.seconds += SECONDS
    rescue.tick()


def crash(rescue: Rescue) -> None:
    """The system frees the lock of a process that is gone; nothing else happens."""
    assert rescue._lock is not None
    rescue._lock.unlock()
    rescue._lock = None


def copies() -> list[Path]:
    return sorted(state_folder().glob("*.fmstudio"))


def test_that_a_crash_leaves_the_last_copy_to_the_next_window(
    rescue: Rescue, session: Session, said: list[str], now: Now
) -> None:
    assert rescue.start() is None
    edit(session, "mine")
    wait(rescue, now)
    crash(rescue)
    after = Rescue(session, said.append, now)
    assert after.start() is not None
    assert after.restore()[0].title == "mine"
    after.let_go()
    after.close()
    assert copies() == []
    assert said == []


def test_that_nothing_is_kept_of_what_is_saved_or_closed(rescue: Rescue, session: Session, now: Now) -> None:
    rescue.start()
    wait(rescue, now)
    assert copies() == []
    edit(session, "mine")
    wait(rescue, now)
    assert len(copies()) == 1
    session.store.mark_saved()
    wait(rescue, now)
    assert copies() == []
    edit(session, "again")
    wait(rescue, now)
    rescue.close()
    assert copies() == []


def test_that_what_was_left_survives_until_it_is_answered(
    rescue: Rescue, session: Session, said: list[str], now: Now
) -> None:
    rescue.start()
    edit(session, "mine")
    wait(rescue, now)
    crash(rescue)
    for _ in range(2):
        later = Rescue(session, said.append, now)
        assert later.start() is not None
        later.close()
    assert len(copies()) == 1


def test_that_two_windows_keep_apart(rescue: Rescue, session: Session, said: list[str], now: Now) -> None:
    other = Rescue(session, said.append, now)
    assert rescue.start() is None
    edit(session, "mine")
    wait(rescue, now)
    assert other.start() is None
    wait(other, now)
    assert len(copies()) == 2
    other.close()
    assert len(copies()) == 1


def test_that_a_folder_that_cannot_be_made_is_told_once(
    rescue: Rescue, session: Session, said: list[str], now: Now
) -> None:
    state_folder().parent.mkdir(parents=True, exist_ok=True)
    state_folder().write_text("in the way")
    assert rescue.start() is None
    edit(session, "mine")
    wait(rescue, now)
    assert len(said) == 1
    assert "save it yourself" in said[0]


class Forbidden(QLockFile):
    """A lock in a folder that cannot be written; a test that runs as root can write everywhere."""

    def tryLock(self, _timeout: int = 0) -> bool:
        return False

    def error(self) -> QLockFile.LockError:
        return QLockFile.LockError.PermissionError


def test_that_a_folder_that_cannot_be_written_is_told(
    rescue: Rescue, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fmstudio.gui.rescue.QLockFile", Forbidden)
    assert rescue.start() is None
    assert len(said) == 1
    assert "cannot be written" in said[0]


def test_that_an_offer_stays_until_it_is_answered(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.resize(800, 600)
    holder.show()
    bar, answers = NoticeBar(holder), []
    bar.offer("Work was kept.", "Restore it", lambda: answers.append("yes"), lambda: answers.append("no"))
    bar.say("And another thing.")
    buttons = {button.text(): button for button in bar.findChildren(QPushButton)}
    assert not bar._timer.isActive()
    buttons["Restore it"].click()
    assert answers == ["yes"]
    assert bar.text == "And another thing."
    assert not buttons["Restore it"].isVisible()
    buttons["Dismiss"].click()
    assert answers == ["yes"]
    bar.offer("Work was kept.", "Restore it", lambda: answers.append("yes"), lambda: answers.append("no"))
    buttons["Dismiss"].click()
    assert answers == ["yes", "no"]
