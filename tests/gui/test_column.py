"""A column lays out what changes before it is painted, and brings a new remedy into sight."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fmstudio.gui.column import Column
from fmstudio.gui.panels import Panel
from fmstudio.studio.guardrails import Guardrail, Remedy, Section

pytestmark = pytest.mark.display

MEND = Guardrail(Section.MOTION, "It cannot work as asked.", Remedy.SHOW_ODE)
SAID = Guardrail(Section.MOTION, "It is slow.")


class Rows(Panel):
    """As many rows as it is told, and the notes of the motion."""

    def __init__(self, session, theme, notify) -> None:
        super().__init__(session, theme, notify)
        self.wanted = 0
        self.rows: list[QLabel] = []
        content = QWidget()
        self._box = QVBoxLayout(content)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.lay_out("Rows", "", content, Section.MOTION)

    @property
    def has_content(self) -> bool:
        return self.wanted > 0

    def tick(self) -> None:
        while len(self.rows) < self.wanted:
            self.rows.append(QLabel(f"Row {len(self.rows)}"))
            self._box.addWidget(self.rows[-1])
        for index, row in enumerate(self.rows):
            row.setVisible(index < self.wanted)


@pytest.fixture
def panels(session, theme, said) -> list[Rows]:
    return [Rows(session, theme, said.append) for _ in range(4)]


@pytest.fixture
def column(qtbot, panels) -> Column:
    for panel in panels[:3]:
        panel.wanted = 3
    column = Column("column", 280, panels)
    qtbot.addWidget(column)
    column.resize(280, 260)
    with qtbot.waitExposed(column):
        column.show()
    column.refresh(())
    return column


def whole(panel: Rows) -> bool:
    """Every row has the height it asks for, and the rows lie below one another inside the panel."""
    rows = [row for row in panel.rows if not row.isHidden()]
    places = [row.mapTo(panel, row.rect().topLeft()).y() for row in rows]
    inside = places[-1] + rows[-1].height() <= panel.height()
    return inside and places == sorted(set(places)) and all(r.height() >= r.sizeHint().height() for r in rows)


@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 5), (5, 1)])
def test_that_rows_are_whole_in_the_frame_in_which_they_come_or_go(qtbot, column, panels, before, after):
    panels[1].wanted = before
    column.refresh(())
    qtbot.wait(10)
    panels[1].wanted = after
    column.refresh(())
    assert all(whole(panel) for panel in panels[:3]), "with no event in between"
    assert [p.y() for p in panels[:3]] == sorted({p.y() for p in panels[:3]})


def is_in_sight(widget: QWidget) -> bool:
    return widget.visibleRegion().boundingRect().height() == widget.height()


def test_that_a_new_remedy_is_scrolled_into_sight_and_once(column, panels):
    last = panels[3]
    last.wanted = 3
    column.refresh(())
    for panel in panels[:3]:
        panel._place = None
    column.refresh((SAID,))
    assert column.verticalScrollBar().value() == 0, "a note without a button moves nothing"
    column.refresh((MEND,))
    note = last.section.notes.notes[0]
    assert is_in_sight(note), "with its button"
    column.verticalScrollBar().setValue(0)
    column.refresh((MEND, SAID))
    assert column.verticalScrollBar().value() == 0, "somebody has scrolled away from what they had seen"


def test_that_its_bar_takes_no_room_away_when_there_is_something_to_scroll(qtbot, column, panels):
    for panel in panels:
        panel.wanted = 0
    column.refresh(())
    qtbot.waitUntil(lambda: not column.verticalScrollBar().isEnabled())
    wide = column.widget().width()
    for panel in panels:
        panel.wanted = 12
    column.refresh(())
    qtbot.waitUntil(column.verticalScrollBar().isEnabled)
    assert column.widget().width() == wide
