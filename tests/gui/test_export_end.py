"""A video that is being made is ended only after a question, and leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from fmstudio.export.places import replacing
from fmstudio.gui.dialogs.export_dialog import ExportDialog
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.widgets.number_field import Word
from tests.gui.windows import silent_window

pytestmark = pytest.mark.display
BUTTONS = QMessageBox.StandardButton
PATIENCE = 250_000


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot) as window:
        yield window


@pytest.fixture
def answers(monkeypatch) -> list[BUTTONS]:
    """What is answered, in turn."""
    given: list[BUTTONS] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *_: given.pop(0))
    return given


def _begin(window: MainWindow, tmp_path) -> ExportDialog:
    window.show_export()
    dialog = window._export
    assert dialog is not None
    dialog.export_to(tmp_path / "sigma 0.5")
    assert dialog.path == tmp_path / "sigma 0.5.mp4"
    return dialog


def test_that_escape_and_closing_ask_before_they_end_an_export(window, answers, tmp_path):
    dialog = _begin(window, tmp_path)
    answers += [BUTTONS.No, BUTTONS.No]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    dialog.close()
    assert not answers
    assert dialog.is_running
    assert dialog.isVisible()
    window.files.asks = True
    answers += [BUTTONS.No]
    window.close()
    assert window.isVisible()
    assert dialog.is_running
    answers += [BUTTONS.Yes]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.is_running
    assert not dialog.isVisible()
    assert list(tmp_path.iterdir()) == []
    window.files.asks = False


def test_that_a_process_that_must_be_killed_leaves_no_half_made_file(window, tmp_path):
    dialog = _begin(window, tmp_path)
    with replacing(dialog.path) as part:
        part.write_bytes(b"half")
        other = tmp_path / ".other.mp4.0000.part"
        other.write_bytes(b"of another")
        dialog._process.kill()
        dialog.end()
        assert not part.exists()
        part.write_bytes(b"so that the writing ends well")
    dialog.path.unlink()
    assert list(tmp_path.iterdir()) == [other]
    window.show_export()


def test_that_escape_just_closes_when_nothing_is_made(window):
    window.show_export()
    dialog = window._export
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert window._export is None
    assert not dialog.isVisible()


def test_that_a_sentence_below_a_field_is_read_whole(window, qtbot):
    window.show_export()
    dialog = window._export
    assert dialog is not None
    dialog.fps.selectAll()
    qtbot.keyClicks(dialog.fps, "1e999")
    dialog.fps.editingFinished.emit()
    (word,) = (label for label in dialog.findChildren(Word) if label.isVisible())
    qtbot.waitUntil(lambda: word.height() >= word.heightForWidth(word.width()) > 0)
    assert "1e999" in word.text()
    dialog.close()
