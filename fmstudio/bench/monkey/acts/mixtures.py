"""Acts on the handles of a mixture: drag one, weigh, add, remove."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import Hand
from fmstudio.studio import handles, mixtures
from fmstudio.studio.mixtures import Chosen

MOST = 12
"""Normals of a walk's mixture."""


@act("handle", 6)
def handle(hand: Hand, _world: World) -> str | None:
    """A handle is dragged, weighed or removed; where there is none, an end gets some."""
    session, luck = hand.window.session, hand.luck
    end = luck.choice(handles.ENDS)
    law = handles.mixture_at(session.store.document, end)
    if law is None:
        panel = next((panel for panel in hand.window.left.panels if panel.objectName() == end), None)
        tiles = getattr(panel, "tiles", None)
        if tiles is None or not tiles.isVisible():
            return None
        hand.click(tiles.tiles["gaussian-mixture"])
        return f"choose a mixture for the {end}"
    hand.click(hand.window.top_bar.look)
    chosen = Chosen(end, luck.randrange(len(law.components)))
    tip = luck.choice((None, None, *range(mixtures.TIPS)))
    place = mixtures.place_of(law.components[chosen.index], tip)
    at = hand.window.canvas.pixel_of(*place)
    native = hand.window.canvas.native
    if not native.rect().contains(at):
        return None
    session.tools.choose_normal(chosen)
    what = luck.choice(("drag", "drag", "drag", "wheel", "add", "remove", "nudge", "menu"))
    _do(hand, what, at, len(law.components))
    return f"{what} at Gaussian {chosen.index + 1} of the {end}, {'mean' if tip is None else 'tip'}"


def _do(hand: Hand, what: str, at: QPoint, count: int) -> None:
    native, luck = hand.window.canvas.native, hand.luck
    native.setFocus()
    if what == "drag":
        stops = [at + QPoint(luck.randint(-90, 90), luck.randint(-90, 90)) for _ in range(luck.randint(1, 8))]
        hand.drag(native, [at, *stops])
    elif what == "wheel":
        hand.turn(native, at, luck.choice((-3, -1, 1, 2)))
    elif what == "menu":
        menu = hand.window.canvas.handles.menu(QPointF(at))
        if menu is not None and count < MOST:
            luck.choice(menu.actions()).trigger()
            menu.deleteLater()
    elif what == "nudge":
        hand.keys(native, luck.choice((Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Plus, Qt.Key.Key_Escape)))
    elif what == "remove" or count >= MOST:
        hand.keys(native, Qt.Key.Key_Delete)
    else:
        hand.keys(native, Qt.Key.Key_Insert)
