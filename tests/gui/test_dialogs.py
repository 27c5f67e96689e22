"""Every dialog by the keyboard alone, and the words of the gallery's cards."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from fmstudio.document.gallery import ENTRIES
from fmstudio.gui.dialogs.export_dialog import ExportDialog
from fmstudio.gui.dialogs.gallery_dialog import CARD, PICTURE, GalleryDialog
from fmstudio.gui.dialogs.reference_dialog import show_reference
from fmstudio.gui.main_window import MainWindow
from tests.gui.windows import silent_window
from tests.studio.test_training_steps import DOCUMENT as STEPS
from tests.studio.test_training_steps import model

pytestmark = pytest.mark.display

OPENERS: dict[str, Callable[[MainWindow], object]] = {
    "gallery": MainWindow.show_gallery,
    "export": MainWindow.show_export,
    "commands": MainWindow.show_commands,
    "keys": MainWindow.show_keys,
    "reference": show_reference,
}


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot) as window:
        window.clock.stop()
        yield window


def _name(widget: QWidget) -> str:
    return widget.accessibleName() or getattr(widget, "text", str)()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("dialog", OPENERS)
def test_that_tab_goes_round_a_dialog_and_every_stop_has_a_ring_and_a_name(
    qtbot, window: MainWindow, dialog: str, theme: str
) -> None:
    window.theme.choose(theme)
    OPENERS[dialog](window)
    shown = next(made for made in window.findChildren(QDialog) if made.isVisible())
    shown.activateWindow()
    qtbot.waitUntil(lambda: shown.isActiveWindow() and shown.focusWidget() is not None, timeout=20_000)
    faults: list[str] = []
    seen: list[QWidget] = []
    for _ in range(100):  # a page goes from link to link first
        here = QApplication.focusWidget()
        if len(seen) > 1 and here is seen[0]:
            break
        ringed = here.grab().toImage()
        QTest.keyClick(here, Qt.Key.Key_Tab)
        if here in seen:
            continue
        seen.append(here)
        if not _name(here):
            faults.append(f"{type(here).__name__} has no name")
        if QApplication.focusWidget() is not here and here.grab().toImage() == ringed:
            faults.append(f"{type(here).__name__} {_name(here)!r} shows no ring")
    assert here is seen[0]
    assert not faults
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not shown.isVisible())
    qtbot.wait(10)


def test_that_the_cards_of_the_gallery_have_room_for_their_titles(qtbot, window: MainWindow) -> None:
    window.show_gallery()
    gallery = next(made for made in window.findChildren(GalleryDialog) if made.isVisible())
    room = QRect(0, 0, CARD.width() - 16, 1000)
    for row, entry in enumerate(ENTRIES):
        words = gallery.cards.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, entry.title)
        assert (
            words.height() + PICTURE.height() < gallery.cards.visualItemRect(gallery.cards.item(row)).height()
        )
        gallery.cards.setCurrentRow(row)
        assert "_" not in gallery.caption.text()
    gallery.close()
    qtbot.wait(10)


def test_that_every_card_of_the_gallery_gets_its_picture(qtbot, window: MainWindow) -> None:
    window.show_gallery()
    gallery = next(made for made in window.findChildren(GalleryDialog) if made.isVisible())
    qtbot.waitUntil(lambda: not gallery._pictureless)
    pictures = [gallery.cards.item(row).icon().pixmap(PICTURE).toImage() for row in range(len(ENTRIES))]
    assert all(one != other for one, other in itertools.pairwise(pictures))
    gallery.close()


def test_that_the_second_axis_is_offered_where_steps_of_a_training_are_kept(qtbot, session, theme):
    parent = QWidget()
    qtbot.addWidget(parent)
    for kept, offered in ((), 1), ((0, 10), 2):
        session.open(STEPS.model_copy(update={"title": f"{offered}"}), [model(60, *kept)])
        session.results.models = {recipe: model(60, *kept) for recipe in session.results.models}
        dialog = ExportDialog(parent, session, theme)
        dialog.show()
        assert dialog.along_box.count() == offered
        assert dialog.along_box.isVisible() is (offered > 1)
        dialog.along_box.setCurrentIndex(offered - 1)
        assert ("From each step that was kept" in dialog.words.text()) is (offered > 1)
        dialog.close()
        dialog.deleteLater()
