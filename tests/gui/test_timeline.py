"""The time line tells the time of what is shown."""

from __future__ import annotations

import pytest

from fmstudio.document.specs import dynamics as m
from fmstudio.gui.panels.path import PathPanel
from fmstudio.gui.timeline import TimelineBar
from fmstudio.studio import commands


@pytest.fixture
def bar(qtbot, session, theme):
    made = TimelineBar(session, theme)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    ("dynamics", "words"),
    [
        (m.ODESpec(), "t = 0.50"),
        (m.LangevinSpec(duration=6.0), "s = 3.0 of 6"),
        (m.NoisingSpec(), "s = 0.50"),
        (m.BrownianMotionSpec(duration=3.0), "t = 1.5 of 3"),
    ],
)
def test_that_the_read_out_follows_the_motion(bar, session, dynamics, words):
    commands.set_field(session, "dynamics", dynamics, "Choose dynamics")
    session.playback.seek(0.5)
    bar.refresh()
    assert bar._t_label.text() == words
    assert not bar.grab().isNull()


def test_that_the_ends_change_places_for_noising(bar, session):
    commands.set_field(session, "dynamics", m.NoisingSpec(), "Choose dynamics")
    bar.refresh()
    palette = bar._theme.palette
    assert bar.line._colours() == (palette.target, palette.source)


def test_that_the_path_is_followed_from_the_data_end_by_noising(session, show):
    panel = show(PathPanel)
    session.playback.seek(0.25)
    panel.tick()
    assert panel.plot.time == pytest.approx(0.25)
    commands.set_field(session, "dynamics", m.NoisingSpec(), "Choose dynamics")
    panel.tick()
    assert panel.plot.time == pytest.approx(0.75)


def test_that_what_is_not_played_is_faint_on_the_line(bar, session):
    bar.refresh()
    whole = bar.line.grab().toImage()
    session.playback.seek(0.5)
    session.playback.mark(False)
    session.playback.seek(0.0)
    bar.refresh()
    marked = bar.line.grab().toImage()
    left, right = (round(whole.width() * share) for share in (0.25, 0.75))
    assert marked.pixel(left, 21) == whole.pixel(left, 21)
    assert marked.pixel(right, 21) != whole.pixel(right, 21)
    session.playback.clear_marks()
    bar.refresh()
    assert bar.line.grab().toImage() == whole
