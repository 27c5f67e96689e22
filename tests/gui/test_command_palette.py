"""Ctrl+K: what is typed is found, Enter does it, Escape does nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fmstudio.document.specs.distribution import PinwheelSpec
from fmstudio.document.specs.dynamics import AnnealedLangevinSpec, SDESpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.gui.actions import ACTIONS, ActionTable
from fmstudio.gui.dialogs.command_palette import CommandPalette
from fmstudio.gui.handlers import Handlers
from fmstudio.gui.lesson_handlers import LessonHandlers
from fmstudio.gui.pane_handlers import PaneHandlers
from fmstudio.studio import panes
from fmstudio.studio.offers import choices
from fmstudio.studio.session import Session


@pytest.fixture
def palette(qtbot, session: Session) -> CommandPalette:
    made = CommandPalette(None, choices(session))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def titles(palette: CommandPalette) -> list[str]:
    return [item.text(1) for item in palette._items if not item.isHidden()]


def test_that_typing_narrows_the_list_and_enter_does_the_marked_one(palette, session):
    QTest.keyClicks(palette.search, "target pinw")
    assert titles(palette) == ["Pinwheel"]
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert session.store.document.target == PinwheelSpec()
    assert palette.isHidden()
    assert session.store.undo_label == "Choose target Pinwheel"


def test_that_what_begins_with_the_words_comes_before_what_holds_them(palette, session):
    QTest.keyClicks(palette.search, "vp")
    assert len(titles(palette)) > 1
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert session.store.document.path == VPSpec()


def test_that_the_arrows_move_while_the_field_keeps_the_focus(palette, session):
    QTest.keyClicks(palette.search, "motion")
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.currentItem().text(1) == titles(palette)[1] == "SDE"
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert isinstance(session.store.document.dynamics, SDESpec)


def test_that_nothing_found_and_escape_do_nothing(palette, session):
    before = session.store.document
    QTest.keyClicks(palette.search, "qqq")
    assert titles(palette) == []
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert not palette.isHidden()
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert session.store.document is before


def test_that_every_choice_can_be_applied_and_names_itself(session):
    offers = list(choices(session))
    assert len({(offer.group, offer.title) for offer in offers}) == len(offers)
    for offer in offers:
        offer.apply()
    assert session.store.undo_label is not None


def test_that_sigma_goes_along_from_one_motion_to_the_next(session):
    panes.choose_motion(session, "sde")
    session.store.edit(lambda d: d.model_copy(update={"dynamics": SDESpec(sigma=0.7)}), "sigma")
    panes.choose_motion(session, str(AnnealedLangevinSpec.model_fields["kind"].default))
    assert session.store.document.dynamics.sigma == 0.7


def test_that_every_action_that_is_enabled_is_offered_but_the_search_itself(qtbot, session):
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    lesson = LessonHandlers(window, session, window)  # type: ignore[arg-type]
    table = ActionTable(window, Handlers(window, session, window), lesson, PaneHandlers(session, window))  # type: ignore[arg-type]
    table["undo"].setEnabled(False)
    found = [offer.title for offer in table.offers()]
    assert len(found) == len(ACTIONS) - 2
    assert "Undo" not in found
    assert "Commands" not in found
    keys = {offer.title: offer.key for offer in table.offers()}
    assert keys["Train"] == "Ctrl+T"
