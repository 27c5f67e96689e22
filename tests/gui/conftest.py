"""A session on an engine that does as it is told, and a theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QSlider, QWidget

from fmstudio.document.document import Document
from fmstudio.gui.panels import Panel
from fmstudio.gui.theme import Theme, apply_theme
from fmstudio.render.palette import DARK
from fmstudio.studio.guardrails import guardrails
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

Said = list[str]


@pytest.fixture
def theme(qapp) -> Iterator[Theme]:
    theme = Theme()
    apply_theme(qapp, DARK)
    yield theme
    theme.deleteLater()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def said() -> Said:
    """The sentences that a person was told."""
    return []


@pytest.fixture
def session(engine: FakeEngine, said: Said) -> Iterator[Session]:
    session = Session(engine, Document(), said.append)
    yield session
    session.close()


@pytest.fixture
def show(qtbot, session: Session, theme: Theme, said: Said) -> Callable[[type[Panel]], Panel]:
    """Puts a panel on the screen, as wide as its column."""
    holders: list[QWidget] = []

    def show(panel: type[Panel]) -> Panel:
        made = panel(session, theme, said.append)
        holder = QWidget()
        holders.append(holder)
        qtbot.addWidget(holder)
        made.setParent(holder)
        holder.resize(272, 900)
        made.resize(272, 900)
        with qtbot.waitExposed(holder):
            holder.show()
        frame(session, made)
        return made

    return show


def frame(session: Session, *panels: Panel) -> None:
    """What the window's clock does."""
    session.tick(0.0)
    notes = guardrails(session.store.document, session.results)
    for panel in panels:
        panel.refresh(notes)


def drag(qtbot, slider: QSlider, start: int, *stops: int) -> None:
    """What a hand does: press at ``start``, move over ``stops``, let go."""
    middle = slider.height() // 2
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(start, middle))
    for stop in stops:
        qtbot.mouseMove(slider, QPoint(stop, middle))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(stops[-1], middle))
