"""Icons of one family: a 16 x 16 grid, lines of 1.4, round ends. GUI thread."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SCALES = (1, 2, 3)
"""Device pixels per logical pixel for which a picture is made."""


def icon(name: str, colour: str, size: int = 16) -> QIcon:
    """The icon of that name in one colour, sharp on any screen. Raises KeyError for an unknown name."""
    return _icon(name, colour, size)


@lru_cache(maxsize=512)
def _icon(name: str, colour: str, size: int) -> QIcon:
    made = QIcon()
    for scale in _SCALES:
        made.addPixmap(_pixmap(name, colour, size, scale))
    return made


def _pixmap(name: str, colour: str, size: int, scale: int) -> QPixmap:
    pixmap = QPixmap(size * scale, size * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg(name, colour).encode())).render(
        painter, QRectF(0, 0, size * scale, size * scale)
    )
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def svg(name: str, colour: str) -> str:
    """The icon as an SVG document."""
    lines, filled = ICONS[name]
    parts = []
    if filled:
        parts.append(f'<path d="{filled}" fill="{colour}" stroke="none"/>')
    if lines:
        parts.append(
            f'<path d="{lines}" fill="none" stroke="{colour}" stroke-width="1.4" '
            f'stroke-linecap="round" stroke-linejoin="round"/>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{"".join(parts)}</svg>'


def _circle(x: float, y: float, radius: float) -> str:
    """A circle as a path."""
    return (
        f"M{x - radius} {y}a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 {-2 * radius} 0z"
    )


_DIE = "M4.2 2.4h7.6q1.8 0 1.8 1.8v7.6q0 1.8 -1.8 1.8h-7.6q-1.8 0 -1.8 -1.8v-7.6q0 -1.8 1.8 -1.8z"

ICONS: dict[str, tuple[str, str]] = {
    # time
    "play": ("", "M4.6 2.9q0 -1 .9 -.5l7.4 4.9q.8 .7 0 1.4l-7.4 4.9q-.9 .5 -.9 -.5z"),
    "pause": (
        "",
        "M4.2 2.6h1.6q.6 0 .6 .6v9.6q0 .6 -.6 .6h-1.6q-.6 0 -.6 -.6v-9.6q0 -.6 .6 -.6z"
        "M10.2 2.6h1.6q.6 0 .6 .6v9.6q0 .6 -.6 .6h-1.6q-.6 0 -.6 -.6v-9.6q0 -.6 .6 -.6z",
    ),
    "first": ("M3.2 3.5v9", "M12.8 4.1v7.8q0 .7 -.6 .3l-6 -3.8q-.5 -.4 0 -.8l6 -3.8q.6 -.4 .6 .3z"),
    "last": ("M12.8 3.5v9", "M3.2 4.1v7.8q0 .7 .6 .3l6 -3.8q.5 -.4 0 -.8l-6 -3.8q-.6 -.4 -.6 .3z"),
    "prev": ("", "M10.8 4.1v7.8q0 .7 -.6 .3l-6 -3.8q-.5 -.4 0 -.8l6 -3.8q.6 -.4 .6 .3z"),
    "next": ("", "M5.2 4.1v7.8q0 .7 .6 .3l6 -3.8q.5 -.4 0 -.8l-6 -3.8q-.6 -.4 -.6 .3z"),
    "loop": (
        "M13.2 8a5.2 5.2 0 0 1 -9.3 3.2M2.8 8a5.2 5.2 0 0 1 9.3 -3.2M12.4 2.2v2.8h-2.8M3.6 13.8v-2.8h2.8",
        "",
    ),
    "once": ("M2.2 8h9.4M8.8 5l3 3l-3 3M13.8 4.2v7.6", ""),
    "bounce": ("M2.4 8h11.2M5.2 5l-3 3l3 3M10.8 5l3 3l-3 3", ""),
    # edit
    "undo": ("M5.4 2.8l-3 3l3 3M2.6 5.8h6.6a3.7 3.7 0 0 1 0 7.4h-3", ""),
    "redo": ("M10.6 2.8l3 3l-3 3M13.4 5.8h-6.6a3.7 3.7 0 0 0 0 7.4h3", ""),
    "clear": (
        "M2.6 4.2h10.8M6.2 4V2.4h3.6v1.6M3.9 4.4l.7 8.2q.1 1 1.1 1h4.6q1 0 1.1 -1l.7 -8.2M6.7 7v4M9.3 7v4",
        "",
    ),
    "swap": ("M2.6 5.4h9.6M9.6 2.6l2.8 2.8l-2.8 2.8M13.4 10.6h-9.6M6.4 7.8l-2.8 2.8l2.8 2.8", ""),
    "draw": ("M10.7 2.9l2.4 2.4l-7.8 7.8l-3 .6l.6 -3zM9 4.6l2.4 2.4", ""),
    "select": ("", "M3.6 2.5q-.1 -.7 .5 -.3l8.4 6.2q.5 .5 -.2 .6l-3.7 .5l-2.1 3.4q-.4 .6 -.7 -.1z"),
    # layers
    "density": (_circle(8, 8, 5.6), _circle(8, 8, 2.6)),
    "particles": (
        "",
        _circle(4.4, 5, 1.5)
        + _circle(10.6, 3.8, 1.2)
        + _circle(8.4, 8.6, 1.7)
        + _circle(12.6, 10.4, 1.3)
        + _circle(4.6, 11.8, 1.3),
    ),
    "trajectories": ("M2.2 12.6q2.6 .2 3.6 -3.6t3.6 -4.6", _circle(11.6, 3.9, 2)),
    "field": ("M2.4 9l4.4 -4.4M4 4.2h3.2v3.2M8.4 13l4.8 -4.8M10 7.8h3.6v3.6", ""),
    "data": (_circle(4.6, 4.8, 1.7) + _circle(11.4, 5.6, 1.7) + _circle(7.6, 11.4, 1.7), ""),
    "paths": ("M2.4 13q1.4 -6.6 4 -6.4t2.4 3.6t4.8 -7.4M2.4 8.6q2.2 -5.4 4.6 -5.6", ""),
    "couplings": (
        "M4.4 4.2l7.2 7.6M4.4 11.8l7.2 -7.6",
        _circle(3.4, 3.6, 1.5) + _circle(3.4, 12.4, 1.5) + _circle(12.6, 3.6, 1.5) + _circle(12.6, 12.4, 1.5),
    ),
    "grid": (
        "M2.4 5.2q5.6 -2.4 11.2 0M2.4 10.8q5.6 2.4 11.2 0M5.2 2.4q-2.4 5.6 0 11.2M10.8 2.4q2.4 5.6 0 11.2",
        "",
    ),
    "reference": (
        "M2.4 12.6q2 -7.4 5.4 -6t5.8 -3.4",
        _circle(2.8, 12.4, 1.3) + _circle(8, 10.6, 1.3) + _circle(13, 6.4, 1.3),
    ),
    "contours": (_circle(8, 8, 5.8) + _circle(8.6, 7.6, 3.6) + _circle(9, 7.2, 1.5), ""),
    "axes": ("M3 2.4v10.6h10.6M3 4.6h1.6M3 8h1.6M6.4 13v-1.6M10 13v-1.6", ""),
    "layers": ("M8 2.4l5.8 3l-5.8 3l-5.8 -3zM2.2 8l5.8 3l5.8 -3M2.2 10.6l5.8 3l5.8 -3", ""),
    # files
    "export": ("M8 10V2.4M5.2 5L8 2.3l2.8 2.7M2.6 9.6v2.6q0 1.2 1.2 1.2h8.4q1.2 0 1.2 -1.2v-2.6", ""),
    "import": ("M8 13.4v-7.8M4.8 8.4L8 5.2l3.2 3.2M3.2 2.6h9.6", ""),
    "open": (
        "M2.4 12.2v-8q0 -1 1 -1h2.8l1.6 1.8h4q1 0 1 1v1.2M2.4 12.2l1.7 -4.2q.3 -.8 1.1 -.8h8q.9 0 .6 .8"
        "l-1.5 4.2q-.3 .8 -1.1 .8h-8q-.8 0 -.8 -.8z",
        "",
    ),
    "save": (
        "M3.6 2.6h7.2l2.6 2.6v7.2q0 1 -1 1h-8.8q-1 0 -1 -1v-8.8q0 -1 1 -1z"
        "M5 13.2v-4h6v4M5.4 2.8v2.8h4.2v-2.8",
        "",
    ),
    "gallery": (
        "M2.6 2.6h4.2v4.2h-4.2zM9.2 2.6h4.2v4.2h-4.2zM2.6 9.2h4.2v4.2h-4.2zM9.2 9.2h4.2v4.2h-4.2z",
        "",
    ),
    # training and dice
    "train": ("M2.6 3v8.8q0 1.4 1.4 1.4h9.4M5 5q1.2 5.4 8 5.6", ""),
    "one-step": ("M3.8 12.2L10.4 5.6M6.8 5.4h3.8v3.8", _circle(3, 13, 1.7) + _circle(13, 3, 1.7)),
    "stop": ("", "M4.4 3.6h7.2q.8 0 .8 .8v7.2q0 .8 -.8 .8h-7.2q-.8 0 -.8 -.8v-7.2q0 -.8 .8 -.8z"),
    "resume": ("M3.2 3.4v9.2", "M6.2 3.6q0 -.8 .7 -.4l6.1 4.2q.7 .6 0 1.2l-6.1 4.2q-.7 .4 -.7 -.4z"),
    "dice-start": (
        _DIE,
        _circle(5.4, 5.4, 1.05)
        + _circle(10.6, 5.4, 1.05)
        + _circle(8, 8, 1.05)
        + _circle(5.4, 10.6, 1.05)
        + _circle(10.6, 10.6, 1.05),
    ),
    "dice-noise": (_DIE + "M4.6 9.4l1.6 -3l1.7 4.2l1.8 -5l1.7 3.6", ""),
    # window
    "fold": ("M4 10l4 -4l4 4", ""),
    "aside": ("M6 4l4 4l-4 4", ""),
    "unfold": ("M4 6l4 4l4 -4", ""),
    "close": ("M4 4l8 8M12 4l-8 8", ""),
    "fit": (
        "M2.6 5.6v-2q0 -1 1 -1h2M10.4 2.6h2q1 0 1 1v2M13.4 10.4v2q0 1 -1 1h-2M5.6 13.4h-2q-1 0 -1 -1v-2",
        "",
    ),
    "sun": (
        _circle(8, 8, 2.7) + "M8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8 .8M11.7 11.7l.8 .8"
        "M3.5 12.5l.8 -.8M11.7 4.3l.8 -.8",
        "",
    ),
    "moon": ("M13 9.7a5.4 5.4 0 1 1 -6.7 -6.7a4.4 4.4 0 0 0 6.7 6.7z", ""),
    "settings": (
        "M2.4 4.8h5.8M11.8 4.8h1.8M2.4 11.2h1.8M7.8 11.2h5.8" + _circle(10, 4.8, 1.7) + _circle(6, 11.2, 1.7),
        "",
    ),
    "choices": ("M3.5 6l4.5 4.5L12.5 6", ""),
    "more": ("M2.8 4.4h10.4M2.8 8h10.4M2.8 11.6h10.4", ""),
}
"""Name -> (lines, filled shapes), as SVG path data."""
