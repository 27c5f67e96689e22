"""Reports about steps in the window: each is done as it was reported, with the real widgets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest

from fmstudio.document import files
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import PinwheelSpec
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.panels.motion import MotionPanel
from tests.gui.windows import silent_window

pytestmark = pytest.mark.display


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot, Document(dynamics=SDESpec())) as window:
        window.clock.stop()
        yield window


def test_that_drop_web_address_says_to_save_first(window):
    window.canvas._on_drop(QUrl("https://example.org/picture.png"))
    assert window.notices.text == "picture.png is on the web: save it first, then drop the file."


def test_that_uppercase_suffix_opens_a_document(window, tmp_path):
    files.save(tmp_path / "doc.fmstudio", Document(target=PinwheelSpec()))
    shutil.move(tmp_path / "doc.fmstudio", tmp_path / "DOC.FMSTUDIO")
    window.canvas._on_drop(QUrl.fromLocalFile(str(tmp_path / "DOC.FMSTUDIO")))
    assert window.session.store.document.target == PinwheelSpec()


@pytest.mark.parametrize(("typed", "name"), [("sigma 0.5", "sigma 0.5.mp4"), ("take.v2", "take.v2.mp4")])
def test_that_export_dotted_name_gets_an_ending(window, tmp_path, typed, name):
    window.show_export()
    dialog = window._export
    dialog.export_to(tmp_path / typed)
    assert dialog.path == tmp_path / name
    assert dialog.is_running
    dialog.end()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("typed", "sigma"), [("0,25", 0.25), ("0.25", 0.25), ("0,5", 0.5), ("1,5", 1.5)])
def test_that_typed_decimal_comma_is_one(window, typed, sigma):
    (panel,) = window.findChildren(MotionPanel)
    figure = panel.sigma.figure
    figure.selectAll()
    QTest.keyClicks(figure, typed)
    QTest.keyClick(figure, Qt.Key.Key_Return)
    assert window.session.store.document.dynamics.sigma == sigma
