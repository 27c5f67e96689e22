"""The probe's panel: shown while the pointer is over a pane, with what is known there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent
from PySide6.QtWidgets import QApplication

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.motion import Motion
from fmstudio.engine.messages import ProbeRequest
from fmstudio.gui.panels import Panel
from fmstudio.gui.plots.probe import ProbePanel
from fmstudio.studio import commands
from fmstudio.studio.probing import quantities
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode, Place, Pointed
from tests.fakes import FakeEngine
from tests.gui.conftest import frame

HERE = Place(0.5, -0.25, 0)


def answer(engine: FakeEngine, *first: float) -> None:
    """Answer the newest probe with these values, and one point that pulls."""
    job = engine.in_lane("probe/0")[-1]
    rows = np.full(job.result.shape, np.nan, np.float32)
    rows[0, : len(first)] = first
    rows[1, :3] = (1.0, 2.0, 0.75)
    for number, row in enumerate(rows):
        job.result.write(number, row)
    engine.finish(job)


def test_that_it_appears_with_the_pointer_and_goes_with_it(
    session: Session, engine: FakeEngine, show: Callable[[type[Panel]], Panel]
) -> None:
    panel = show(ProbePanel)
    assert isinstance(panel, ProbePanel)
    session.tools.hover(HERE)
    frame(session, panel)
    assert not engine.in_lane("probe/0")  # not while looking
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(HERE)
    frame(session, panel)
    request = engine.in_lane("probe/0")[-1].request
    assert isinstance(request, ProbeRequest)
    assert request.x == (0.5, -0.25)
    answer(engine, 0.125, 3.0, 4.0, np.nan, np.nan, -2.0, 0.1, 0.2)
    frame(session, panel)
    assert not panel.isHidden()
    texts = {key: label.text() for key, label in panel.values.items() if not label.isHidden()}
    assert texts == {
        "density": "0.125",
        "velocity": "(3.00, 4.00)  |5.00|",
        "score": "–",
        "divergence": "-2.00",
        "mean": "(0.10, 0.20)",
        "pull": "75 %",
    }
    session.tools.hover(None)
    frame(session, panel)
    assert panel.isHidden()
    assert "probe/0" in engine.cancelled


def test_that_answers_of_a_probe_are_not_kept(session: Session, engine: FakeEngine) -> None:
    """Each holds a shared block of memory: a minute of hovering would use up all that there are."""
    session.tools.choose_mode(Mode.PROBE)
    for k in range(30):
        session.tools.hover(Place(0.01 * k, 0.0, 0))
        session.tick(0.0)
        answer(engine, 0.1)
        session.tick(0.0)
    requests = [job.request for job in engine.in_lane("probe/0")]
    assert len(requests) == 30
    assert not any(session.results.cached(request) for request in requests)
    held = [job for job in engine.in_lane("probe/0") if session.results.find(job.id) is not None]
    assert len(held) <= 2


def answered(session: Session, engine: FakeEngine, show: Callable[[type[Panel]], Panel]) -> ProbePanel:
    """The panel with all its figures, of one place."""
    panel = show(ProbePanel)
    assert isinstance(panel, ProbePanel)
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(HERE)
    frame(session, panel)
    answer(engine, *range(1, 14))
    frame(session, panel)
    return panel


@pytest.mark.parametrize("kind", [*m.DYNAMICS, *m.MORE_DYNAMICS], ids=lambda kind: kind.__name__)
def test_that_the_panel_names_what_plays_a_part_in_the_motion_and_no_more(
    session: Session, engine: FakeEngine, show: Callable[[type[Panel]], Panel], kind: type[Motion]
) -> None:
    commands.set_field(session, "dynamics", kind(), "Choose dynamics")
    panel = answered(session, engine, show)
    shown = {key for key, label in panel.values.items() if not label.isHidden()}
    assert shown == {quantity.key for quantity in quantities(kind())}
    assert ("velocity" in shown) is (kind.moved_by == "velocity")
    assert all(panel.names[key].toolTip() for key in shown)
    langevin = kind is m.LangevinSpec
    assert ("p<sub>data</sub>" in panel.names["density"].text()) is langevin


def test_that_the_mean_is_not_called_where_a_particle_ends() -> None:
    (mean,) = (quantity for quantity in quantities(m.ODESpec()) if quantity.key == "mean")
    assert "mean of the data points" in mean.hint


def test_that_a_line_that_is_pointed_at_is_explained_and_marked(
    session: Session, engine: FakeEngine, show: Callable[[type[Panel]], Panel]
) -> None:
    panel = answered(session, engine, show)
    for key in ("alpha", "divergence"):
        QApplication.sendEvent(panel.names[key], QEnterEvent(QPointF(), QPointF(), QPointF()))
        assert session.tools.pointed == Pointed(key)
        assert "On the canvas: " in panel.names[key].toolTip()
        QApplication.sendEvent(panel.names[key], QEvent(QEvent.Type.Leave))
        assert session.tools.pointed == Pointed()
    score = panel.names["score"]
    assert score.focusPolicy() & Qt.FocusPolicy.TabFocus
    QApplication.sendEvent(score, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert session.tools.pointed == Pointed("score")
    QApplication.sendEvent(score, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason))
    assert session.tools.pointed == Pointed()


def test_that_scales_are_left_out_where_a_bridge_joins_the_ends(
    session: Session, engine: FakeEngine, show: Callable[[type[Panel]], Panel]
) -> None:
    panel = show(ProbePanel)
    assert isinstance(panel, ProbePanel)
    session.tools.choose_mode(Mode.PROBE)
    for values, is_told in ((range(1, 14), True), (range(1, 11), False)):
        session.tools.hover(Place(0.1 * len(values), 0.0, 0))
        frame(session, panel)
        answer(engine, *values)
        frame(session, panel)
        assert panel.values["alpha"].isHidden() is not is_told
        assert not panel.values["density"].isHidden()
