"""Acts on the canvas: strokes, polygons, words, pans, wheel, probe, double clicks, files dropped on it."""

from __future__ import annotations

import math

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import NO_KEYS, Hand
from fmstudio.gui.panels.brush_controls import BrushControls
from fmstudio.gui.widgets.tiles import Tile
from fmstudio.studio.drawing import Pen


@act("stroke", 6)
def stroke(hand: Hand, _world: World) -> str:
    bar, native = hand.window.top_bar, hand.window.canvas.native
    hand.click(bar.draw)
    path = _curve(hand, native)
    hand.drag(native, path)
    if hand.luck.random() < 0.4:
        hand.click(hand.luck.choice((bar.look, bar.probe)))
    return f"draw a stroke of {len(path)} points from {path[0].x()}, {path[0].y()}"


@act("pan", 2)
def pan(hand: Hand, _world: World) -> str:
    native = hand.window.canvas.native
    hand.click(hand.window.top_bar.look)
    path = _curve(hand, native)[:6]
    hand.drag(native, path)
    return f"pan from {path[0].x()}, {path[0].y()}"


@act("wheel", 3)
def wheel(hand: Hand, _world: World) -> str:
    native = hand.window.canvas.native
    at, notches = hand.somewhere(native), hand.luck.choice((-3, -2, -1, 1, 2))
    hand.turn(native, at, notches)
    return f"turn the wheel by {notches} at {at.x()}, {at.y()}"


@act("double click", 2)
def double_click(hand: Hand, _world: World) -> str:
    native = hand.window.canvas.native
    at = hand.somewhere(native)
    QTest.mouseDClick(native, Qt.MouseButton.LeftButton, NO_KEYS, at)
    return f"double click at {at.x()}, {at.y()}"


@act("probe", 5)
def probe(hand: Hand, _world: World) -> str:
    native = hand.window.canvas.native
    hand.click(hand.window.top_bar.probe)
    path = _curve(hand, native)[:8]
    hand.hover(native, path, pause=25)
    return f"probe from {path[0].x()}, {path[0].y()} to {path[-1].x()}, {path[-1].y()}"


@act("drop a particle", 3)
def drop_particle(hand: Hand, _world: World) -> str:
    """Instead of the others, with Shift beside them; sometimes they are cleared."""
    native = hand.window.canvas.native
    hand.click(hand.window.top_bar.probe)
    at, keys = hand.somewhere(native), hand.luck.choice((NO_KEYS, Qt.KeyboardModifier.ShiftModifier))
    QTest.mouseClick(native, Qt.MouseButton.LeftButton, keys, at)
    if hand.luck.random() < 0.25:
        hand.keys(native, Qt.Key.Key_Escape)
    return f"drop a particle at {at.x()}, {at.y()}"


@act("drop a file", 2)
def drop_file(hand: Hand, world: World) -> str:
    file = hand.luck.choice(world.files)
    found = hand.window.findChildren(QAbstractButton)
    tiles = [tile for tile in found if isinstance(tile, Tile) and tile.isVisible() and tile.acceptDrops()]
    places: list[QWidget] = [hand.window.canvas, hand.window.canvas, *tiles[:1], *tiles[-1:]]
    place = hand.luck.choice(places)
    _drop(place, QUrl.fromLocalFile(str(file)))
    return f"drop {file.name} on {type(place).__name__} {place.accessibleName()}"


def _drop(place: QWidget, url: QUrl) -> None:
    data = QMimeData()
    data.setUrls([url])
    middle, action, left = place.rect().center(), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    QApplication.sendEvent(place, QDragEnterEvent(middle, action, data, left, NO_KEYS))
    QApplication.sendEvent(place, QDropEvent(QPointF(middle), action, data, left, NO_KEYS))


def _curve(hand: Hand, widget: QWidget) -> list[QPoint]:
    """A bent line over the middle part of the widget."""
    luck, width, height = hand.luck, widget.width(), widget.height()
    x, y = luck.uniform(0.2, 0.8) * width, luck.uniform(0.2, 0.8) * height
    heading, bend = luck.uniform(0, 2 * math.pi), luck.uniform(-0.4, 0.4)
    points = []
    for _ in range(luck.randint(4, 14)):
        points.append(QPoint(round(min(max(x, 2), width - 3)), round(min(max(y, 2), height - 3))))
        x, y = x + 0.05 * width * math.cos(heading), y + 0.05 * height * math.sin(heading)
        heading += bend
    return points


@act("polygon", 3)
def polygon(hand: Hand, _world: World) -> str | None:
    """Corners are clicked, and closed, dropped or left open."""
    brush = _brush(hand)
    if brush is None:
        return None
    hand.click(brush.shapes.buttons[Pen.POLYGON])
    native = hand.window.canvas.native
    corners = [hand.somewhere(native) for _ in range(hand.luck.randint(1, 6))]
    for corner in corners:
        hand.click(native, corner)
    end = hand.luck.choice((Qt.Key.Key_Return, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Backspace))
    hand.keys(native, end)
    return f"a polygon of {len(corners)} corners, then {end.name.removeprefix('Key_')}"


@act("words", 3)
def words(hand: Hand, _world: World) -> str | None:
    """Words are typed and placed."""
    brush = _brush(hand)
    if brush is None:
        return None
    hand.click(brush.shapes.buttons[Pen.TEXT])
    text = hand.luck.choice(("flow", "p_t", "流れ", "  ", "Größe", "a line of words that is wide"))
    hand.fill(brush.words, text)
    native = hand.window.canvas.native
    at = hand.somewhere(native)
    hand.click(native, at)
    return f"write “{text}” at {at.x()}, {at.y()}"


def _brush(hand: Hand) -> BrushControls | None:
    """That of an end that is drawn; the target becomes one where none is."""
    found = hand.pick(BrushControls)
    if found is None:
        hand.click(hand.window.top_bar.draw)
        hand.wait(40)
        found = hand.pick(BrushControls)
    return found
