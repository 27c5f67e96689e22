"""The whole window on an engine that does as it is told, settled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fmstudio.document.document import Document
from fmstudio.document.preferences import Preferences
from fmstudio.engine.messages import EngineReady
from fmstudio.gui.app import make_window
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.theme import Theme, apply_theme
from tests.fakes import FakeEngine


@pytest.fixture
def window(qapp, qtbot) -> Iterator[MainWindow]:
    theme = Theme(parent=None)
    apply_theme(qapp, theme.palette)
    engine = FakeEngine()
    window = make_window(engine, Document(), (), theme, Preferences())
    window.files.asks = False
    window.resize(1100, 700)
    window.add_right_column()
    with qtbot.waitExposed(window):
        window.show()
    engine.say(EngineReady("cpu", "2.0", 0.1))
    settle(window)
    yield window
    window.close()
    window.session.close()
    window.theme.deleteLater()
    window.deleteLater()
    qtbot.wait(10)


def settle(window: MainWindow) -> None:
    """Answer all that is asked, and all that follows from it."""
    engine = window.session.engine
    assert isinstance(engine, FakeEngine)
    for _ in range(6):
        window.frame(0.0)
        engine.finish_all()
    window.frame(0.0)
