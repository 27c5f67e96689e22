"""Every number field of the window, typed into: 0,25 is a quarter, and nothing is changed without a word."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from fmstudio.document.document import Document
from fmstudio.document.specs.dynamics import AnnealedLangevinSpec, LinearSDESpec, SDESpec
from fmstudio.document.specs.path import VESpec
from fmstudio.gui.panels import LEFT_PANELS
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.widgets.number_field import NumberField
from fmstudio.gui.widgets.slider_row import SliderRow
from fmstudio.studio import commands


def typed(qtbot, field: NumberField, text: str) -> None:
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_that_a_decimal_comma_is_a_decimal_comma(qtbot, session, show):
    commands.set_field(session, "dynamics", SDESpec(), "Choose dynamics")
    panel = show(MotionPanel)
    typed(qtbot, panel.sigma.figure, "0,25")
    assert session.store.document.dynamics.sigma == 0.25
    assert panel.sigma.word.isHidden()
    typed(qtbot, panel.steps.figure, "1,000")
    assert session.store.document.simulation.steps == 1000


@pytest.mark.parametrize(
    ("text", "sigma", "word"),
    [
        ("1,250", 1.0, "1250 or 1.250"),
        ("much", 1.0, "stays 1.00"),
        ("7", 5.0, "0.00 to 5.00"),
        ("-1", 0.0, "0.00 to"),
    ],
)
def test_that_what_is_not_taken_as_it_is_gets_a_word_beside_the_field(
    qtbot, session, show, text, sigma, word
):
    commands.set_field(session, "dynamics", SDESpec(), "Choose dynamics")
    panel = show(MotionPanel)
    typed(qtbot, panel.sigma.figure, text)
    assert session.store.document.dynamics.sigma == sigma
    assert float(panel.sigma.figure.text()) == sigma
    assert panel.sigma.word.isVisible()
    assert word in panel.sigma.word.text()
    assert panel.sigma.figure.accessibleDescription() == panel.sigma.word.text()
    typed(qtbot, panel.sigma.figure, "0.5")
    assert panel.sigma.word.isHidden()


def test_that_a_seed_out_of_range_is_told(qtbot, session, show):
    panel = show(MotionPanel)
    typed(qtbot, panel.seeds.start.figure, "99999999999")
    assert session.store.document.simulation.start_seed == 2**31 - 1
    assert panel.seeds.start.figure.accessibleDescription()
    typed(qtbot, panel.seeds.start.figure, "1.5")
    assert session.store.document.simulation.start_seed == 2**31 - 1
    assert "whole" in panel.seeds.start.figure.accessibleDescription()


@pytest.mark.parametrize("entry", LEFT_PANELS, ids=lambda entry: entry.id)
@pytest.mark.parametrize(
    "dynamics", [SDESpec(), AnnealedLangevinSpec(), LinearSDESpec()], ids=lambda d: d.kind
)
def test_that_every_number_field_reads_both_signs_and_tells_what_it_does_not_take(
    qtbot, session, show, entry, dynamics
):
    session.store.open(Document(dynamics=dynamics, path=VESpec()))
    panel = show(entry.factory)
    if hasattr(panel, "settings"):
        panel.settings.setChecked(True)
    for field in panel.findChildren(NumberField):
        if not (field.isVisible() and field.isEnabled()):
            continue
        _, most = field.scale.bounds
        middle = field.scale.value(field.scale.positions // 3)
        typed(qtbot, field, f"{middle:g}".replace(".", ","))
        assert field.value() == pytest.approx(middle, rel=1e-5)
        assert not field.accessibleDescription()
        typed(qtbot, field, f"{most * 2 + 1:.0f}")
        assert field.value() == pytest.approx(most)
        assert field.accessibleDescription()
        typed(qtbot, field, "x")
        assert field.value() == pytest.approx(most)
        assert "not a number" in field.accessibleDescription()
    for row in panel.findChildren(SliderRow):
        assert row.word.text() == row.figure.accessibleDescription()
