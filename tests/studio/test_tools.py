from __future__ import annotations

from fmstudio.studio.drawing import Pen
from fmstudio.studio.tools import RADIUS_RANGE, Mode, Tools


class Listener:
    def __init__(self) -> None:
        self.calls = 0

    def hear(self) -> None:
        self.calls += 1


def test_that_a_change_is_told_and_no_change_is_not():
    tools, listener = Tools(), Listener()
    tools.changed.connect(listener.hear)
    tools.choose_mode(Mode.DRAW)
    tools.choose_mode(Mode.DRAW)
    assert listener.calls == 1
    tools.change_brush(pen=Pen.ERASER)
    tools.change_brush(pen=Pen.ERASER)
    assert listener.calls == 2
    assert tools.brush.erases


def test_that_a_brush_stays_within_its_ranges():
    tools = Tools()
    tools.change_brush(radius=99.0, softness=-1.0)
    assert (tools.brush.radius, tools.brush.softness) == (RADIUS_RANGE[1], 0.0)
