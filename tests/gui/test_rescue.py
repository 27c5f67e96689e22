"""What a crash leaves is kept and offered until it is answered; what was saved or let go is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.preferences import state_folder
from fmstudio.document.specs.named import RingSpec
from fmstudio.engine.messages import LearnedModel
from fmstudio.gui import rescue as rescue_module
from fmstudio.gui.notices import NoticeBar
from fmstudio.gui.rescue import SECONDS, Rescue
from fmstudio.studio import learning
from fmstudio.studio.session import Session


class Now:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


Start = Callable[[], Rescue]


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def where() -> list[Path | None]:
    """The document's own file."""
    return [None]


@pytest.fixture
def make(session: Session, said: list[str], now: Now, where: list[Path | None]) -> Iterator[Start]:
    """A window's rescue; each call is another window."""
    made: list[Rescue] = []

    def make() -> Rescue:
        made.append(Rescue(session, lambda: where[-1], said.append, now))
        return made[-1]

    yield make
    for rescue in made:
        rescue.close()


@pytest.fixture
def rescue(make: Start) -> Rescue:
    return make()


def edit(session: Session, title: str) -> None:
    session.store.edit(lambda d: d.model_copy(update={"title": title}), "Rename")


def train(session: Session, step: int = 10) -> None:
    """The engine has published a model of the document."""
    recipe = learning.recipe_of(session.store.document)
    model = recipe.model
    flat = FrozenArray(np.full(3, step, np.float32))
    learned = LearnedModel(
        model,
        recipe.training.objective,
        flat,
        step,
        recipe.problem,
        recipe.training,
    )
    session.results.models[recipe] = learned


def wait(rescue: Rescue, now: Now) -> None:
    now.seconds += SECONDS
    rescue.tick()


def crash(*rescues: Rescue) -> None:
    """The system frees the locks of a process that is gone; nothing else happens."""
    for rescue in rescues:
        for place in rescue._places:
            place._held.release()
        for copy in rescue._offered:
            copy.held.release()
        rescue._places, rescue._offered, rescue._started = [], [], False


def copies() -> list[Path]:
    return sorted(state_folder().glob("*.fmstudio"))


def titles(rescue: Rescue) -> list[str]:
    """Of what is offered."""
    return [rescue.restore(copy).document.title for copy in rescue._offered]


def test_that_a_crash_leaves_the_last_copy_to_the_next_window(
    rescue: Rescue, make: Start, session: Session, said: list[str], now: Now
) -> None:
    assert rescue.start() == []
    edit(session, "mine")
    wait(rescue, now)
    crash(rescue)
    after = make()
    (left,) = after.start()
    assert titles(after) == ["mine"]
    after.let_go(left)
    assert copies() == []
    after.close()
    assert list(state_folder().iterdir()) == []
    assert said == []


def test_that_nothing_is_kept_of_what_is_saved_or_closed(rescue: Rescue, session: Session, now: Now) -> None:
    rescue.start()
    wait(rescue, now)
    assert copies() == []
    edit(session, "mine")
    wait(rescue, now)
    assert len(copies()) == 1
    session.store.mark_saved()
    rescue.look()
    assert copies() == []
    edit(session, "again")
    wait(rescue, now)
    rescue.close()
    assert list(state_folder().iterdir()) == []


@pytest.mark.parametrize("crashes", [1, 2, 5])
def test_that_every_copy_stays_until_it_is_answered_whatever_crashes_after_it(
    make: Start, session: Session, now: Now, crashes: int
) -> None:
    """An offer that nobody answered, new work, another crash: and so on."""
    for number in range(crashes):
        window = make()
        assert len(window.start()) == number
        edit(session, f"work {number}")
        wait(window, now)
        os.utime(copies()[-1])
        crash(window)
    last = make()
    offered = last.start()
    assert sorted(titles(last)) == [f"work {number}" for number in range(crashes)]
    last.close()
    assert len(copies()) == crashes
    again = make()
    for copy in again.start():
        again.let_go(copy)
    assert copies() == []
    assert len(offered) == crashes


def test_that_what_was_restored_is_nowhere_at_no_moment(
    rescue: Rescue, make: Start, session: Session, now: Now
) -> None:
    rescue.start()
    edit(session, "mine")
    wait(rescue, now)
    crash(rescue)
    for _ in range(3):  # restored, then a crash before the next copy was due
        window = make()
        (left,) = window.start()
        restored = window.restore(left)
        session.open(restored.document, restored.models)
        session.store.mark_unsaved()
        window.adopt(left)
        assert len(copies()) == 1
        crash(window)
    window = make()
    (left,) = window.start()
    window.adopt(left)
    session.store.mark_saved()
    window.look()
    assert copies() == []


@pytest.mark.parametrize("windows", [2, 40])
def test_that_any_number_of_windows_keep_apart(make: Start, session: Session, windows: int) -> None:
    edit(session, "mine")
    opened = [make() for _ in range(windows)]
    for window in opened:
        assert window.start() == []
    for window in opened:
        window.look()
    assert len(copies()) == windows
    opened[0].close()
    assert len(copies()) == windows - 1
    crash(*opened[1:])
    assert len(make().start()) == windows - 1


def test_that_one_window_alone_offers_a_copy(rescue: Rescue, make: Start, session: Session, now: Now) -> None:
    rescue.start()
    edit(session, "mine")
    wait(rescue, now)
    crash(rescue)
    first, second = make(), make()
    assert len(first.start()) == 1
    assert second.start() == []
    first.close()
    assert len(make().start()) == 1


def test_that_a_failed_copy_is_told_once_and_tried_again(
    rescue: Rescue, session: Session, said: list[str], now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ValueError("The disk is full.")

    rescue.start()
    edit(session, "mine")
    with monkeypatch.context() as patch:
        patch.setattr(rescue_module, "save_models", full)
        wait(rescue, now)
        wait(rescue, now)
    assert len(said) == 1
    assert copies() == []
    wait(rescue, now)
    assert len(copies()) == 1
    with monkeypatch.context() as patch:
        patch.setattr(rescue_module, "save_models", full)
        edit(session, "more")
        wait(rescue, now)
    assert len(said) == 2


def test_that_a_folder_that_cannot_be_made_is_told_once_and_tried_again(
    rescue: Rescue, session: Session, said: list[str], now: Now
) -> None:
    state_folder().parent.mkdir(parents=True, exist_ok=True)
    state_folder().write_text("in the way")
    assert rescue.start() == []
    edit(session, "mine")
    wait(rescue, now)
    assert len(said) == 1
    assert "save it yourself" in said[0]
    state_folder().unlink()
    wait(rescue, now)
    assert len(copies()) == 1


def test_that_a_trained_model_is_work_and_is_kept_and_restored(
    rescue: Rescue, make: Start, session: Session, now: Now
) -> None:
    rescue.start()
    train(session, 10)
    assert not session.store.is_dirty
    wait(rescue, now)
    train(session, 20)
    wait(rescue, now)
    crash(rescue)
    session.results.models.clear()
    after = make()
    (left,) = after.start()
    assert [model.step for model in after.restore(left).models] == [20]
    after.let_go(left)


def test_that_a_model_that_was_saved_is_not_kept(rescue: Rescue, session: Session, now: Now) -> None:
    rescue.start()
    train(session)
    wait(rescue, now)
    assert len(copies()) == 1
    rescue.unsaved.mark_saved(rescue.unsaved.models)
    rescue.look()
    assert copies() == []
    train(session)
    assert rescue.unsaved.is_model


def test_that_a_model_is_kept_though_its_document_is_saved_and_was_left(
    rescue: Rescue, session: Session, now: Now, tmp_path: Path
) -> None:
    rescue.start()
    session.store.mark_saved(tmp_path / "first.fmstudio")
    train(session, 10)
    session.open(Document(title="second", target=RingSpec()))
    assert not rescue.unsaved.is_any
    wait(rescue, now)
    assert len(copies()) == 1
    session.store.undo()
    rescue.unsaved.mark_saved(rescue.unsaved.models)
    session.store.redo()
    wait(rescue, now)
    assert copies() == []


def test_that_work_that_was_left_for_another_document_is_kept(
    rescue: Rescue, make: Start, session: Session, now: Now, where: list[Path | None], tmp_path: Path
) -> None:
    """Nobody was asked, since undo brings it back: so a crash must, too. All that was left so, and each with
    its own models and file."""
    rescue.start()
    where.append(tmp_path / "first.fmstudio")
    session.store.mark_saved(where[-1])
    edit(session, "first")
    train(session, 10)
    wait(rescue, now)
    (first,) = copies()
    written = first.stat().st_mtime_ns
    where.append(None)
    for title in ("second", "third"):
        session.open(Document(title=f"of the gallery, for the {title}", target=RingSpec()))
        rescue.look()
        edit(session, title)
        rescue.look()
    session.open(Document(title="unchanged", target=RingSpec()))
    rescue.look()
    assert len(copies()) == 3
    assert first.stat().st_mtime_ns == written
    crash(rescue)
    after = make()
    after.start()
    left = {work.document.title: work for work in map(after.restore, after._offered)}
    assert set(left) == {"first", "second", "third"}
    assert left["first"].path == tmp_path / "first.fmstudio"
    assert [model.step for model in left["first"].models] == [10]
    assert left["second"].path is None
    for copy in tuple(after._offered):
        after.let_go(copy)


def test_that_a_copy_of_what_was_left_goes_when_it_is_back_and_saved(
    rescue: Rescue, session: Session
) -> None:
    rescue.start()
    edit(session, "mine")
    session.open(Document(title="another"))
    rescue.look()
    assert len(copies()) == 1
    session.store.undo()
    rescue.look()
    assert len(copies()) == 1
    session.store.mark_saved()
    rescue.look()
    assert copies() == []
    session.store.redo()
    rescue.look()
    assert copies() == []


@pytest.mark.parametrize("name", ["moons.fmstudio", "Möbius – 2.fmstudio", "a\udcff.fmstudio"])
def test_that_a_copy_knows_its_file(
    rescue: Rescue,
    make: Start,
    session: Session,
    now: Now,
    where: list[Path | None],
    tmp_path: Path,
    name: str,
) -> None:
    rescue.start()
    edit(session, "mine")
    wait(rescue, now)
    where.append(tmp_path / name)
    wait(rescue, now)
    crash(rescue)
    after = make()
    (left,) = after.start()
    assert left.path == after.restore(left).path == tmp_path / name


def test_that_a_damaged_copy_is_a_sentence_and_can_be_let_go(make: Start) -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / "unsaved-0.fmstudio").write_bytes(b"no zip")
    (state_folder() / "unsaved-0.lock").write_text("4711\nfmstudio\nhost\n")
    (state_folder() / "unsaved-1.lock").touch()
    rescue = make()
    (left,) = rescue.start()
    assert left.path is None
    with pytest.raises(ValueError, match=r"unsaved-0\.fmstudio"):
        rescue.restore(left)
    rescue.let_go(left)
    rescue.close()
    assert list(state_folder().iterdir()) == []


def test_that_leaving_without_asking_keeps_what_is_unsaved_at_once(
    rescue: Rescue, make: Start, session: Session
) -> None:
    rescue.start()
    edit(session, "mine")
    rescue.close(keep=True)
    rescue.close()
    after = make()
    assert len(after.start()) == 1
    assert titles(after) == ["mine"]


def test_that_an_offer_stays_until_it_is_answered(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.resize(800, 600)
    holder.show()
    bar, answers = NoticeBar(holder), []
    bar.offer("Work was kept.", "Restore it", lambda: answers.append("yes"), lambda: answers.append("no"))
    bar.say("And another thing.")
    question, other = bar.notices
    assert question.is_question
    assert not other.is_question
    next(button for button in question.findChildren(QPushButton) if button.text() == "Restore it").click()
    assert answers == ["yes"]
    assert bar.text == "And another thing."
    other.dismiss.click()
    assert answers == ["yes"]
    bar.offer("Work was kept.", "Restore it", lambda: answers.append("yes"), lambda: answers.append("no"))
    bar.notices[-1].dismiss.click()
    assert answers == ["yes", "no"]
