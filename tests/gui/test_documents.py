"""Opening, saving, closing and dropping, in the real window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QFileDialog, QMessageBox

from fmstudio.document import files
from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, PinwheelSpec, RingSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import LearnedModel
from fmstudio.gui.main_window import MainWindow
from fmstudio.studio import commands, learning, panes
from tests.gui.windows import silent_window

pytestmark = pytest.mark.display
BUTTONS = QMessageBox.StandardButton


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot) as window:
        window.clock.stop()
        yield window


@pytest.fixture
def asked(window, monkeypatch) -> Iterator[list[str]]:
    """The questions that were asked; each is answered with Cancel, or with the answer put in front."""
    questions: list[str] = []

    def question(_parent, _title, words, *_buttons):
        questions.append(words)
        return BUTTONS.Cancel

    monkeypatch.setattr(QMessageBox, "question", question)
    window.files.asks = True
    yield questions
    window.files.asks = False


def _title(window: MainWindow) -> str:
    window.frame(0.0)
    shown = window.windowTitle().replace("[*]", " •" if window.isWindowModified() else "")
    assert window.top_bar.title.text() + " – fmstudio" == shown
    return window.top_bar.title.text()


def test_that_opening_asks_nothing_and_undo_brings_back_what_was_there(window, asked):
    panes.choose(window.session, "target", RingSpec(radius=2.0), "A ring")
    mine = window.session.store.document
    for leave in (window.files.new, lambda: window.files.open_gallery("eight-gaussians")):
        leave()
        assert window.session.store.document != mine
        window.handlers.on_undo()
        assert window.session.store.document == mine
    assert not asked


def test_that_closing_asks_for_what_is_unsaved_also_where_it_was_left_for_another(window, asked):
    assert window.files.may_close()
    commands.move_camera(window.session, 1.0, 1.0, 0.7)
    assert window.files.may_close()
    panes.choose(window.session, "target", RingSpec(radius=2.0), "A ring")
    assert not window.files.may_close()
    window.files.new()
    assert not window.files.may_close()
    assert len(asked) == 2
    assert "Ring" in asked[0]
    assert "Ring" in asked[1]


def test_that_a_trained_model_is_unsaved_work_until_it_is_saved(window, asked, tmp_path):
    session = window.session
    session.train()
    document = session.store.document
    parts = (document.problem, document.training)
    flat = FrozenArray(np.zeros(8, np.float32))
    model = LearnedModel(document.model, document.training.objective, flat, 7, *parts)
    session.results.models[learning.recipe_of_model(model)] = model
    assert _title(window) == "untitled •"
    assert not window.files.may_close()
    assert "model" in asked[0]
    window.files.new()
    assert not window.files.may_close()
    assert "model" in asked[1]
    session.store.undo()
    session.store.mark_saved(tmp_path / "mine.fmstudio")
    assert window.files.save()
    assert _title(window) == "mine"
    assert window.files.may_close()


def test_that_the_title_follows_what_is_shown(window):
    assert _title(window) == "untitled"
    window.files.open_gallery("two-moons")
    first = _title(window)
    assert first == window.session.store.document.title
    panes.choose(window.session, "target", PinwheelSpec(), "A pinwheel")
    assert _title(window) == "Pinwheel •"
    window.handlers.on_draw()
    assert _title(window) == "Drawing •"
    window.session.store.undo()
    window.session.store.undo()
    assert _title(window) == first


@pytest.mark.parametrize("name", ["doc.fmstudio", "DOC.FMSTUDIO"])
def test_that_a_dropped_document_opens_however_its_ending_is_written(window, tmp_path, name):
    files.save(tmp_path / "there.fmstudio", Document(target=PinwheelSpec()))
    shutil.move(tmp_path / "there.fmstudio", tmp_path / name)
    window.canvas._on_drop(QUrl.fromLocalFile(str(tmp_path / name)))
    assert window.session.store.document.target == PinwheelSpec()
    assert _title(window) == name.split(".")[0]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/picture.png", "picture.png"),
        ("http://example.org/a/b.csv?x=1", "b.csv"),
        ("ftp://example.org/", "ftp://example.org/"),
    ],
)
def test_that_a_web_address_is_told_apart_from_a_file(window, address, name):
    window.canvas._on_drop(QUrl(address))
    assert window.notices.text == f"{name} is on the web: save it first, then drop the file."


@pytest.mark.parametrize(("typed", "name"), [("sigma 0.5", "sigma 0.5"), ("A.FMSTUDIO", "A")])
def test_that_saving_takes_a_dot_in_a_name_and_any_case_of_the_ending(
    window, monkeypatch, tmp_path, typed, name
):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), ""))
    commands.start_drawing(window.session)
    assert isinstance(window.session.store.document.target, DrawnSpec)
    assert window.files.save_as()
    assert [path.stem for path in tmp_path.iterdir()] == [name]
    assert _title(window) == name


def test_that_another_file_is_not_replaced_because_an_ending_was_added(window, asked, monkeypatch, tmp_path):
    there = Path(tmp_path / "mine.fmstudio")
    there.write_bytes(b"precious")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    assert not window.files.save_as()
    assert there.read_bytes() == b"precious"
    assert asked


@pytest.mark.parametrize("field", FieldChoice)
def test_that_the_keys_of_panes_keep_the_field_that_is_shown(window, field):
    panes.show_field(window.session, field)
    for action, count in (("motions", 3), ("one-pane", 1), ("solvers", 3), ("one-pane", 1)):
        window.actions_by_id[action].trigger()
        assert [pane.field for pane in window.session.store.document.view.panes] == [field] * count


def other_program(path: Path, how: str) -> None:
    """Changes the file behind our back."""
    if how == "another document":
        files.save(path, Document(title="of the other program", target=PinwheelSpec()))
    elif how == "same size and other content":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
        os.utime(path, (1, 1))
    else:
        path.write_bytes(b"")


CHANGES = ("another document", "same size and other content", "emptied")


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("answer", ["Yes", "No", "Cancel"])
@pytest.mark.parametrize("since", ["opened", "saved"])
def test_that_what_another_program_wrote_is_not_overwritten_unasked(
    window, asked, monkeypatch, tmp_path, how, answer, since
):
    path, other = tmp_path / "mine.fmstudio", tmp_path / "other.fmstudio"
    files.save(path, Document(target=RingSpec()))
    window.files.open_file(path)
    if since == "saved":
        panes.choose(window.session, "target", RingSpec(radius=1.9), "A ring")
        assert window.files.save()
    assert asked == []
    other_program(path, how)
    theirs = path.read_bytes()
    panes.choose(window.session, "target", RingSpec(radius=2.0), "A ring")

    def question(_parent, _title, words, *_buttons):
        asked.append(words)
        return BUTTONS[answer]

    monkeypatch.setattr(QMessageBox, "question", question)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(other), ""))
    assert window.files.save() == (answer != "Cancel")
    assert len(asked) == 1
    assert "changed by another program" in asked[0]
    assert (path.read_bytes() == theirs) == (answer != "Yes")
    if answer != "Cancel":
        written = path if answer == "Yes" else other
        assert files.load(written)[0].target == RingSpec(radius=2.0)
        assert window.files.save()
        assert len(asked) == 1


@pytest.mark.parametrize("how", ["touched", "gone", "not at all"])
def test_that_nothing_is_asked_where_nothing_would_be_lost(window, asked, tmp_path, how):
    path = tmp_path / "mine.fmstudio"
    files.save(path, Document(target=RingSpec()))
    window.files.open_file(path)
    if how == "touched":
        os.utime(path, (1, 1))
    elif how == "gone":
        path.unlink()
    panes.choose(window.session, "target", RingSpec(radius=2.0), "A ring")
    assert window.files.save()
    assert asked == []
    assert files.load(path)[0].target == RingSpec(radius=2.0)


def test_that_opening_another_document_ends_what_is_read_for_this_one(window, tmp_path):
    np.savetxt(tmp_path / "points.csv", np.random.default_rng(0).normal(size=(50, 2)), delimiter=",")
    window.canvas._on_drop(QUrl.fromLocalFile(str(tmp_path / "points.csv")))
    window.frame(0.0)
    assert window.importer.is_busy
    window.files.new()
    assert not window.importer.is_busy


def test_that_a_dropped_file_becomes_the_target(window, qtbot, tmp_path):
    np.savetxt(tmp_path / "points.csv", np.random.default_rng(0).normal(size=(50, 2)), delimiter=",")
    window.canvas._on_drop(QUrl.fromLocalFile(str(tmp_path / "points.csv")))

    def is_done() -> bool:
        window.frame(0.0)
        return not window.importer.is_busy

    qtbot.waitUntil(is_done, timeout=60_000)
    assert window.session.store.document.target.kind == "points"
