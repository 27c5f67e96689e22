"""The window's canvas, embedded in a real window; with pictures off-screen beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from fmstudio.render.vispy.canvas import StudioCanvas
from fmstudio.render.vispy.offscreen import OffscreenRenderer
from tests.render.vispy.scenes import (
    CAMERA,
    brightness,
    bump,
    centre_of_light,
    density,
    particles,
    points,
    scene,
)

NO_DISPLAY = sys.platform.startswith("linux") and not (
    os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
)
pytestmark = [pytest.mark.display, pytest.mark.skipif(NO_DISPLAY, reason="there is no display")]
QtBot = pytest.importorskip("pytestqt.qtbot").QtBot


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[StudioCanvas]:
    from PySide6.QtWidgets import QVBoxLayout, QWidget

    window = QWidget()
    qtbot.addWidget(window)
    window.resize(500, 400)
    shown = StudioCanvas(app="pyside6")
    box = QVBoxLayout(window)
    box.setContentsMargins(0, 0, 0, 0)
    box.addWidget(shown.native)
    with qtbot.waitExposed(window):
        window.show()
    yield shown
    shown.close()


def wait_for_drawing(qtbot: QtBot, canvas: StudioCanvas) -> None:
    before = canvas.draws
    qtbot.waitUntil(lambda: canvas.draws > before)


def test_that_a_shown_scene_is_drawn_and_its_picture_is_that_of_an_offscreen_one(
    qtbot: QtBot, canvas: StudioCanvas
) -> None:
    picture = scene(density(bump()), particles(points((1.0, 1.0))))
    canvas.show_scene(picture)
    wait_for_drawing(qtbot, canvas)
    pixels = canvas.picture()
    drawer = OffscreenRenderer(pixels.shape[1], pixels.shape[0])
    drawer._sheet = canvas.sheet()  # a film's words are larger
    assert np.abs(drawer.draw(picture).astype(int) - pixels).max() <= 1
    drawer.close()


def test_that_a_frame_off_the_screen_leaves_the_window_alone(qtbot: QtBot, canvas: StudioCanvas) -> None:
    first, second = scene(particles(points((1.0, 1.0)))), scene(particles(points((-1.0, 0.5))), panes=2)
    canvas.show_scene(first)
    wait_for_drawing(qtbot, canvas)
    before = canvas.picture()
    drawer = OffscreenRenderer(333, 217)
    for _ in range(3):
        drawer.draw(second)
        canvas.update()
        wait_for_drawing(qtbot, canvas)
    assert np.array_equal(canvas.picture(), before)
    drawer.close()


def test_that_the_mouse_s_pixels_and_the_plane_are_inverse(qtbot: QtBot, canvas: StudioCanvas) -> None:
    canvas.show_scene(scene(panes=2))
    wait_for_drawing(qtbot, canvas)
    for pane in (0, 1):
        px, py = canvas.to_pixel(1.25, -0.5, pane)
        assert canvas.pane_at(px, py) == pane
        assert canvas.to_plane(px, py) == pytest.approx((1.25, -0.5))


def test_that_a_particle_is_seen_under_the_mouse_s_pixel(qtbot: QtBot, canvas: StudioCanvas) -> None:
    canvas.show_scene(scene(particles(points((1.25, -0.5)))))
    wait_for_drawing(qtbot, canvas)
    x, y = centre_of_light(brightness(canvas.picture()))
    px, py = canvas.to_pixel(1.25, -0.5)
    assert (x / canvas.pixel_scale, y / canvas.pixel_scale) == pytest.approx((px, py), abs=0.1)


def test_that_there_is_no_plane_outside_the_panes(qtbot: QtBot, canvas: StudioCanvas) -> None:
    assert canvas.to_plane(10, 10) is None
    canvas.show_scene(scene(panes=1))
    wait_for_drawing(qtbot, canvas)
    assert canvas.to_plane(-5, 10) is None
    assert canvas.pane_at(10, 4000) is None
    width, height = canvas.size
    assert canvas.to_plane(width / 2, height / 2) == pytest.approx((CAMERA.x, CAMERA.y))


def test_that_the_canvas_knows_what_draws_it(qtbot: QtBot, canvas: StudioCanvas) -> None:
    assert not canvas.is_software
    canvas.show_scene(scene())
    wait_for_drawing(qtbot, canvas)
    assert canvas.renderer
    assert canvas.is_software == any(
        name in canvas.renderer.lower() for name in ("llvmpipe", "softpipe", "swrast")
    )
