from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.specs.density import Meaning
from fmstudio.render.colours import colour_table
from fmstudio.render.palette import PALETTES, Palette, rgb
from fmstudio.render.particle_colours import origin_colours

BOTH = pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)


def lightness(colours: np.ndarray) -> np.ndarray:
    """OKLab's L of sRGB colours in [0, 1]."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    return np.cbrt(linear @ to_cones.T) @ np.array([0.2104542553, 0.7936177850, -0.0040720468])


@BOTH
def test_that_no_density_leaves_the_canvas_as_it_is(palette: Palette) -> None:
    assert colour_table(palette, Meaning.DENSITY)[0] == pytest.approx((*rgb(palette.canvas), 1.0))
    assert np.allclose(colour_table(palette, Meaning.DENSITY, transparent=True)[0], 0)


@BOTH
def test_that_the_table_is_premultiplied(palette: Palette) -> None:
    table = colour_table(palette, Meaning.DENSITY, transparent=True)
    assert table.min() >= 0
    assert (table[:, :3] <= table[:, 3:] + 1e-6).all()


@BOTH
@pytest.mark.parametrize("transparent", [False, True])
def test_that_over_the_canvas_the_stops_are_seen(palette: Palette, transparent: bool) -> None:
    table = colour_table(palette, Meaning.DENSITY, transparent)
    shown = table[:, :3] + (1 - table[:, 3:]) * np.array(rgb(palette.canvas))
    assert shown[-1] == pytest.approx(rgb(palette.density[-1]), abs=1e-3)
    assert shown[0] == pytest.approx(rgb(palette.canvas), abs=1e-6)
    assert np.abs(np.diff(shown, axis=0)).max() < 0.02


@BOTH
@pytest.mark.parametrize("stops", ["density", "ebb", "error"])
def test_that_equal_steps_of_the_map_are_equal_steps_of_lightness(palette: Palette, stops: str) -> None:
    steps = np.diff(lightness(np.array([rgb(stop) for stop in getattr(palette, stops)])))
    assert np.sign(steps).min() == np.sign(steps).max()
    assert steps == pytest.approx(steps.mean(), rel=0.12)


@BOTH
@pytest.mark.parametrize("transparent", [False, True])
def test_that_zero_is_in_the_middle_of_a_map_with_a_sign_and_both_arms_are_even(
    palette: Palette, transparent: bool
) -> None:
    table = colour_table(palette, Meaning.SIGNED, transparent)
    middle = len(table) // 2
    np.testing.assert_array_equal(table[middle:], colour_table(palette, Meaning.DENSITY, transparent))
    canvas = np.array(rgb(palette.canvas))
    shown = table[:, :3] + (1 - table[:, 3:]) * canvas
    assert shown[middle] == pytest.approx(canvas, abs=1e-6)
    assert shown[0] == pytest.approx(rgb(palette.ebb[-1]), abs=1e-3)
    below, above = lightness(shown[middle::-1]), lightness(shown[middle:])
    assert np.abs(below - above).max() < 0.03


@BOTH
def test_that_particles_stand_out_from_the_canvas_whatever_their_colour(palette: Palette) -> None:
    start = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)
    colours = lightness(origin_colours(start, palette)[:, :3] / 255)
    canvas = lightness(np.array(rgb(palette.canvas)))
    assert np.abs(colours - canvas).min() > 0.3
