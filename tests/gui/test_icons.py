from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from fmstudio.gui.icons import ICONS, icon

pytestmark = pytest.mark.usefixtures("qapp")


def _ink(image) -> list[QColor]:
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return [pixel for pixel in pixels if pixel.alpha() > 200]


def _distance(a: QColor, b: QColor) -> int:
    """Rounding apart, since pixels at an edge are stored with their opacity multiplied in."""
    return max(abs(x - y) for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True))


@pytest.mark.parametrize("name", ICONS)
def test_that_an_icon_is_drawn_in_its_colour_and_within_its_square(name):
    image = icon(name, "#4cc9f0", 48).pixmap(48, 48).toImage()
    ink = _ink(image)
    assert len(ink) > 40
    colour = QColor("#4cc9f0")
    assert all(_distance(pixel, colour) <= 6 for pixel in ink)
    edge = [image.pixelColor(x, y) for x in range(48) for y in (0, 47)]
    assert all(pixel.alpha() == 0 for pixel in edge)


def test_that_no_two_icons_look_the_same():
    pictures = {name: icon(name, "#ffffff", 24).pixmap(24, 24).toImage() for name in ICONS}
    assert len({bytes(picture.constBits()) for picture in pictures.values()}) == len(pictures)


def test_that_an_icon_is_sharp_on_a_screen_of_twice_the_density():
    pixmap = icon("play", "#ffffff", 16).pixmap(icon("play", "#ffffff", 16).availableSizes()[0], 2.0)
    assert pixmap.devicePixelRatio() == 2.0
    assert pixmap.width() == 32


def test_that_an_unknown_icon_is_an_error():
    with pytest.raises(KeyError):
        icon("nonsense", "#ffffff")
