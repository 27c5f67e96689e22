"""Acts on the canvas: strokes, pans, wheel, probe, double clicks, and files dropped on it."""

from __future__ import annotations

import math

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import NO_KEYS, Hand
from fmstudio.gui.widgets.tiles import Tile


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
