"""Whole pictures: sizes, panes, words, backgrounds, and that the same scene is the same picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmstudio.render.palette import DARK, LIGHT, PALETTES, Palette, rgb
from fmstudio.render.panes import pane_areas
from fmstudio.render.scene import ArrowLayer, Legend, Pane, Scene
from fmstudio.render.sheet import film_sheet, natural_ratio
from fmstudio.render.vispy import offscreen
from fmstudio.render.vispy.offscreen import OffscreenRenderer
from tests.render.vispy.conftest import Make
from tests.render.vispy.scenes import (
    CAMERA,
    brightness,
    bump,
    canvas_of,
    centre_of_light,
    density,
    particles,
    points,
    scene,
)

LEGEND = (Legend("density", "exact p_t"), Legend("field", "exact velocity", "#7ee2a8"))


def rich(palette: Palette = DARK, panes: int = 2, t: float = 0.4) -> Scene:
    arrows = ArrowLayer(points((0, 1), (1, 0)), points((1, 0), (0, 1)), palette.secondary, 0.5, 1.3)
    layers = (density(bump()), arrows, particles(points((0.0, 0.0), (1.0, 1.0))))
    return Scene((Pane("ODE", "Heun, 60 steps", layers, LEGEND),) * panes, CAMERA, palette, t)


@pytest.mark.parametrize("size", [(400, 300), (401, 301), (333, 217), (64, 64), (31, 17)])
def test_that_a_picture_has_the_size_asked_for(size: tuple[int, int]) -> None:
    drawer = OffscreenRenderer(*size)
    pixels = drawer.draw(rich())
    drawer.close()
    assert pixels.shape == (size[1], size[0], 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous


def test_that_the_same_scene_is_the_same_picture_on_any_renderer(renderer: Make) -> None:
    first = renderer().draw(rich())
    renderer().draw(rich(LIGHT, 4))
    other = OffscreenRenderer(400, 300, 1.0, time_bar=False)
    again = other.draw(rich())
    other.close()
    assert np.array_equal(first, renderer().draw(rich()))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_that_an_empty_picture_is_the_canvas(renderer: Make, palette: Palette) -> None:
    pixels = renderer().draw(scene(palette=palette))
    assert (pixels == canvas_of(palette)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_that_every_pane_shows_its_layers_in_its_own_pixels(renderer: Make, n: int) -> None:
    light = brightness(renderer().draw(scene(particles(points((0.8, 0.3))), panes=n)))
    for area in pane_areas(n, 400, 300):
        part = light[area.y : area.y + area.height, area.x : area.x + area.width]
        x, y = centre_of_light(part)
        assert (x + area.x, y + area.y) == pytest.approx(area.to_pixel(0.8, 0.3, CAMERA), abs=0.1)


def test_that_lines_one_pixel_wide_part_the_panes(renderer: Make) -> None:
    pixels = renderer().draw(scene(panes=4))
    line = np.round(255 * np.array(rgb(DARK.line)))
    first = pane_areas(4, 400, 300)[0]
    assert (pixels[:, first.width] == line).all()
    assert (pixels[first.height] == line).all()
    assert (pixels == line).all(-1).sum() == 400 + 300 - 1


def test_that_a_layer_does_not_reach_into_the_next_pane(renderer: Make) -> None:
    left, right = pane_areas(2, 400, 300)
    edge = left.to_plane(left.width - 2, 150, CAMERA)
    full, empty = Pane("", "", (particles(points(edge), size=40.0),)), Pane("", "", ())
    light = brightness(renderer().draw(Scene((full, empty), CAMERA, DARK, 0.0, chrome=False)))
    assert light[:, left.width - 2].max() > 0.5
    assert light[:, right.x :].max() == 0


def test_that_words_are_at_the_left_above_and_below(renderer: Make) -> None:
    empty = replace(rich(panes=1), panes=(Pane("ODE", "Heun", (), LEGEND),))
    light = brightness(renderer().draw(empty)) > 0.2
    assert light[:40, :160].any()
    assert light[-40:, :260].any()
    assert not light[50:-50].any()
    assert not light[:, 300:].any()
    assert not (brightness(renderer().draw(replace(empty, chrome=False))) > 0).any()


def test_that_a_notice_stands_in_the_middle(renderer: Make) -> None:
    pane = Pane("", "", (), notice="Draw here: press and move the mouse")
    light = brightness(renderer().draw(Scene((pane,), CAMERA, DARK, 0.0)))
    assert centre_of_light(light * (light > 0.1)) == pytest.approx((200, 150), abs=6)


def test_that_words_keep_away_from_the_lower_left_of_a_small_pane() -> None:
    tiny = OffscreenRenderer(90, 40, 1.0)
    many = Pane("ODE", "Heun", (), LEGEND * 4)
    light = brightness(tiny.draw(Scene((many,), CAMERA, DARK, 0.0)))
    tiny.close()
    assert light[28:].max() < 0.05


def knob_of(t: float, drawer: OffscreenRenderer) -> float:
    """Where the time bar's knob is, as a share of the picture's width."""
    bar = drawer.draw(scene(chrome=True, t=t))[-44:].astype(int)
    knob = (np.abs(bar - np.round(255 * np.array(rgb(DARK.text)))).max(-1) < 12)[12:32, 50:-140]
    return float(np.flatnonzero(knob.sum(0) >= 8).mean())


def test_that_the_knob_of_the_time_bar_moves_evenly_with_t(renderer: Make) -> None:
    drawer = renderer(800, 400, 1.0, time_bar=True)
    places = [knob_of(t, drawer) for t in (0.1, 0.3, 0.5, 0.9)]
    steps = np.diff(places) / (0.2, 0.2, 0.4)
    assert steps == pytest.approx(steps.mean(), rel=0.02)
    assert steps.mean() > 400


def test_that_a_picture_without_chrome_has_no_time_bar(renderer: Make) -> None:
    assert brightness(renderer(800, 400, 1.0, time_bar=True).draw(scene())).max() == 0


def test_that_a_transparent_picture_is_empty_where_nothing_is(renderer: Make) -> None:
    pixels = renderer(transparent=True).draw(scene(density(bump(width=0.3)), particles(points((1.5, 1.5)))))
    assert pixels.shape == (300, 400, 4)
    assert pixels[0, 0].tolist() == [0, 0, 0, 0]
    column, row = (int(v) for v in pane_areas(1, 400, 300)[0].to_pixel(1.5, 1.5, CAMERA))
    assert pixels[row, column].tolist() == [255, 255, 255, 255]


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_that_a_transparent_picture_over_the_canvas_is_the_opaque_one(
    renderer: Make, palette: Palette
) -> None:
    layers = (density(bump(width=0.6)), particles(points((1.5, 1.5))))
    clear = renderer(transparent=True).draw(scene(*layers, palette=palette)).astype(float)
    solid = renderer().draw(scene(*layers, palette=palette))
    alpha = clear[..., 3:] / 255
    assert np.abs(alpha * clear[..., :3] + (1 - alpha) * canvas_of(palette) - solid).max() <= 3


def test_that_an_impossible_size_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 40 pixels cannot be drawn"):
        OffscreenRenderer(0, 40)
    with pytest.raises(ValueError, match="cannot be drawn"):
        OffscreenRenderer(1 << 20, 40)


def test_that_words_look_alike_in_pictures_of_all_sizes() -> None:
    assert natural_ratio(1280, 720) == natural_ratio(720, 1280) == 1.0
    assert natural_ratio(3840, 2160) == 3.0
    assert natural_ratio(100, 50) == 0.75
    assert 13 * film_sheet(1920, 1080).words >= 24, "readable at 1080p"


def test_that_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("EGL_PLATFORM", raising=False)
    drawer = OffscreenRenderer(32, 32)
    assert "EGL_PLATFORM" not in os.environ
    assert drawer.gl_renderer
    assert drawer.size == (32, 32)
    drawer.close()
    drawer.close()


def test_that_a_machine_without_opengl_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise RuntimeError(f"Could not import backend {name!r}")

    monkeypatch.setattr(offscreen.app, "Application", missing)
    monkeypatch.setattr(offscreen.sys, "platform", "linux")
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(display, raising=False)
    with pytest.raises(RuntimeError, match=r"no OpenGL to draw with: install libegl1 .* Could not import"):
        OffscreenRenderer(32, 32)
