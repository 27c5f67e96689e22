"""What each layer does to the pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmstudio.document.specs.density import Meaning
from fmstudio.document.specs.units import PLANE
from fmstudio.render.colours import colour_table
from fmstudio.render.palette import DARK, PALETTES, Palette, rgb
from fmstudio.render.panes import pane_areas
from fmstudio.render.scene import ArrowLayer, AxesLayer, InkLayer, ParticleLayer, PointLayer, TrailLayer
from tests.render.vispy.conftest import Make
from tests.render.vispy.scenes import (
    CAMERA,
    WHITE,
    brightness,
    bump,
    canvas_of,
    centre_of_light,
    density,
    particles,
    points,
    scene,
)

AREA = pane_areas(1, 400, 300)[0]
FULL = 1 - 13 / 255
"""What `brightness` says of white."""


def pixel(x: float, y: float) -> tuple[float, float]:
    return AREA.to_pixel(x, y, CAMERA)


# ---- particles ----


@pytest.mark.parametrize("at", [(0.5, -0.25), (-2.013, 1.71), (3.1, -2.4), (0.507, 2.118)])
def test_that_a_particle_lights_the_pixels_at_its_place(renderer: Make, at: tuple[float, float]) -> None:
    light = brightness(renderer().draw(scene(particles(points(at)))))
    assert centre_of_light(light) == pytest.approx(pixel(*at), abs=0.06)


def test_that_a_particle_has_the_diameter_asked_for(renderer: Make) -> None:
    for size in (1.0, 4.0, 9.0, 14.5):
        light = brightness(renderer().draw(scene(particles(points((0.0, 0.0)), size=size))))
        assert light.sum() / FULL == pytest.approx(np.pi * size**2 / 4, rel=0.04, abs=0.3)


def test_that_logical_sizes_follow_the_pixel_ratio(renderer: Make) -> None:
    layer = particles(points((0.0, 0.0)), size=8.0)
    one, two = (brightness(renderer(400, 300, ratio).draw(scene(layer))) > 0.5 for ratio in (1.0, 2.0))
    assert two.sum() == pytest.approx(4 * one.sum(), rel=0.08)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_that_particles_go_straight_from_one_state_to_the_next(renderer: Make, weight: float) -> None:
    a, b = points((-2.0, 1.0)), points((2.5, -2.0))
    light = brightness(renderer().draw(scene(particles(a, b, weight))))
    assert centre_of_light(light) == pytest.approx(pixel(-2.0 + 4.5 * weight, 1.0 - 3.0 * weight), abs=0.06)


def test_that_each_particle_has_its_own_colour(renderer: Make) -> None:
    layer = particles(points((-1.0, 0.0), (1.0, 0.0)), size=12.0)
    colours = np.array([[255, 0, 0, 255], [0, 128, 255, 255]], np.uint8)
    pixels = renderer().draw(scene(replace(layer, colours=colours)))
    for x, colour in ((-1.0, (255, 0, 0)), (1.0, (0, 128, 255))):
        column, row = (int(v) for v in pixel(x, 0.0))
        assert tuple(pixels[row, column]) == colour


@pytest.mark.parametrize("name", PALETTES)
def test_that_a_halo_lies_around_a_particle_and_adds_up_where_many_are(renderer: Make, name: str) -> None:
    x, y = (int(v) for v in pixel(0.0, 0.0))

    def beside(*layers: ParticleLayer) -> float:
        picture = replace(scene(*layers), palette=PALETTES[name])
        pixels = renderer().draw(picture).astype(float)
        return float(np.abs(pixels[y, x + 10] - pixels[5, 5]).sum())

    plain = particles(points((0.0, 0.0)), size=10.0)
    glowing = replace(plain, glows=True, colours=np.array([[200, 90, 30, 255]], np.uint8))
    assert beside(plain) == 0
    assert 0 < beside(glowing) < beside(glowing, glowing)


def test_that_particles_of_a_crowd_are_drawn_where_few_would_be(renderer: Make) -> None:
    generator = np.random.default_rng(1)
    few = generator.normal(size=(2000, 2)).astype(np.float32)
    many = np.tile(few, (6, 1))
    lit = [brightness(renderer().draw(scene(particles(p, size=3.0)))) > 0.4 for p in (few, many)]
    assert (lit[0] & ~lit[1]).mean() < 0.005


# ---- density ----


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_that_the_rectangle_of_a_density_has_no_visible_edge(renderer: Make, palette: Palette) -> None:
    pixels = renderer().draw(scene(density(bump()), palette=palette)).astype(int)
    for x, y in ((-2.0, 0.0), (2.0, 0.0), (0.0, 2.0), (0.0, -2.0)):
        column, row = (int(v) for v in pixel(x, y))
        assert np.abs(pixels[row - 3 : row + 4, column - 3 : column + 4] - canvas_of(palette)).max() <= 3


def test_that_a_density_cut_by_its_rectangle_fades_outside_of_it(renderer: Make) -> None:
    light = brightness(renderer().draw(scene(density(np.ones((80, 80), np.float32)))))
    row = int(pixel(0.0, 0.0)[1])
    inside, outside = int(pixel(1.98, 0.0)[0]), int(pixel(2.3, 0.0)[0])
    edge = light[row, inside : outside + 1]
    assert edge[0] > 0.6
    assert edge[-1] == 0
    assert np.diff(edge).max() <= 0.01
    assert ((edge > 0.02) & (edge < 0.62)).sum() >= 2


def test_that_a_density_shows_the_table_s_colour_of_its_value(renderer: Make) -> None:
    table = colour_table(DARK, Meaning.DENSITY)
    for value in (0.02, 0.1, 0.3, 0.6, 1.0):
        pixels = renderer().draw(scene(density(np.full((32, 32), value, np.float32))))
        entry = table[round(np.sqrt(value) * (len(table) - 1))]
        expected = 255 * (entry[:3] + (1 - entry[3]) * np.array(rgb(DARK.canvas)))
        column, row = (int(v) for v in pixel(0.3, 0.4))
        assert pixels[row, column] == pytest.approx(expected, abs=1.6)


@pytest.mark.parametrize("meaning", [Meaning.SIGNED, Meaning.ERROR])
@pytest.mark.parametrize("value", [-1.0, -0.3, 0.0, 0.3, 1.0])
def test_that_a_map_shows_the_table_s_colour_of_its_value_and_sign(
    renderer: Make, meaning: Meaning, value: float
) -> None:
    layer = replace(density(np.full((32, 32), value, np.float32)), meaning=meaning)
    table = colour_table(DARK, meaning)
    signed = meaning is Meaning.SIGNED
    at = np.sign(value) * np.sqrt(abs(value)) if signed else np.sqrt(max(value, 0.0))
    entry = table[round((0.5 + 0.5 * at if signed else at) * (len(table) - 1))]
    column, row = (int(v) for v in pixel(0.3, 0.4))
    pixels = renderer().draw(scene(layer))
    assert pixels[row, column] == pytest.approx(255 * entry[:3], abs=1.6)


def test_that_one_image_may_be_a_density_here_and_a_map_there(renderer: Make) -> None:
    image = -bump(40)
    shown = [renderer().draw(scene(replace(density(image), meaning=meaning))) for meaning in Meaning]
    lit = [float(brightness(pixels).max()) for pixels in shown]
    assert lit[0] == lit[2] == 0  # no density and no error is below zero
    assert lit[1] > 0.4


def test_that_a_density_stands_where_its_values_stand(renderer: Make) -> None:
    image = bump(61, x=0.8, y=-0.6, width=0.15)
    light = brightness(renderer().draw(scene(density(image))))
    assert centre_of_light(light) == pytest.approx(pixel(0.8, -0.6), abs=0.3)


def test_that_two_densities_are_mixed_by_value(renderer: Make) -> None:
    a, b = np.full((20, 20), 0.2, np.float32), np.full((20, 20), 0.8, np.float32)
    mixed, middle = (
        renderer().draw(scene(layer))
        for layer in (density(a, b, 0.5), density(np.full((20, 20), 0.5, np.float32)))
    )
    assert np.abs(mixed.astype(int) - middle).max() <= 1
    assert np.abs(renderer().draw(scene(density(a, b, 0.0))).astype(int) - middle).max() > 20


def test_that_top_sets_the_brightest_colour(renderer: Make) -> None:
    ones = np.ones((20, 20), np.float32)
    same = (renderer().draw(scene(density(top * ones, top=top))) for top in (1.0, 250.0, 1e-4))
    first, *others = same
    for other in others:
        assert np.array_equal(first, other)


def test_that_missing_and_negative_values_are_dark_and_the_rest_is_seen(renderer: Make) -> None:
    image = bump()
    image[:8] = np.nan
    image[-8:] = -3.0
    light = brightness(renderer().draw(scene(density(image))))
    column, row = (int(v) for v in pixel(0.0, 0.0))
    assert light[row, column] > 0.3
    for y in (1.9, -1.9):
        column, row = (int(v) for v in pixel(0.0, y))
        assert light[row, column] < 0.02


def test_that_an_empty_density_leaves_the_canvas(renderer: Make) -> None:
    assert brightness(renderer().draw(scene(density(np.zeros((32, 32), np.float32))))).max() == 0


def test_that_slopes_show_no_bands(renderer: Make) -> None:
    ramp = np.tile(np.linspace(0.0, 0.02, 64, dtype=np.float32), (64, 1))
    pixels = renderer().draw(scene(density(ramp)))[100:200, 90:260].astype(float)
    means = pixels[..., 2].mean(0)
    smooth = np.convolve(means, np.ones(9) / 9, "valid")
    assert np.abs(means[4:-4] - smooth).max() < 0.35


# ---- trails ----


def trail(
    *rows: tuple[float, float], fade: bool = False, width: float = 4.0, opacity: float = 1.0
) -> TrailLayer:
    return TrailLayer(points(*rows)[None], WHITE[None], width, opacity, fade)


@pytest.mark.parametrize("width", [1.0, 2.5, 6.0])
@pytest.mark.parametrize("end", [(2.0, 0.0), (0.0, 2.0), (1.7, 1.3)])
def test_that_a_line_has_its_width_in_every_direction(
    renderer: Make, width: float, end: tuple[float, float]
) -> None:
    light = brightness(renderer().draw(scene(trail((0.0, 0.0), end, width=width))))
    length = np.hypot(*np.subtract(pixel(*end), pixel(0.0, 0.0)))
    assert light.sum() / FULL == pytest.approx(length * width, rel=0.05)


def test_that_segments_meet_without_gap_or_overlap(renderer: Make) -> None:
    angle = np.linspace(0, np.pi, 40)
    arc = np.stack([0.5 + 1.5 * np.cos(angle), 1.5 * np.sin(angle)], -1).astype(np.float32)[None]
    pixels = renderer().draw(scene(TrailLayer(arc, WHITE[None], 5.0, 0.5, fade=False)))
    on_the_arc = [pixels[int(y), int(x)] for x, y in (pixel(*p) for p in arc[0, 1:-1])]
    assert np.ptp(np.array(on_the_arc, int), axis=0).max() <= 2


@pytest.mark.parametrize("degrees", [20, 45, 70])
def test_that_a_turn_is_covered_once(renderer: Make, degrees: float) -> None:
    turn = np.radians(degrees)
    bent = trail((-1.5, 0.0), (0.0, 0.0), (1.5 * np.cos(turn), 1.5 * np.sin(turn)), width=24.0, opacity=0.5)
    light = brightness(renderer().draw(scene(bent)))
    assert light.max() == pytest.approx(0.5 * FULL, abs=0.01)
    # the outer corner of the turn: on the bisector, where both edges meet
    x, y = pixel(0.0, 0.0)
    reach = 10 / np.cos(turn / 2)
    assert light[int(y + reach * np.cos(turn / 2)), int(x + reach * np.sin(turn / 2))] > 0.45


def test_that_a_trail_fades_towards_its_past(renderer: Make) -> None:
    row = [(-1.5 + 0.25 * i, 0.0) for i in range(13)]
    light = brightness(renderer().draw(scene(trail(*row, fade=True))))
    along = [light[int(pixel(x, 0.0)[1]), int(pixel(x, 0.0)[0])] for x, _ in row[1:-1]]
    assert (np.diff(along) > 0).all()
    assert along[0] < 0.05 < 0.7 < along[-1]


def test_that_a_missing_point_breaks_a_line(renderer: Make) -> None:
    broken = trail((-2.0, 0.0), (-1.0, 0.0), (np.nan, np.nan), (1.0, 0.0), (2.0, 0.0))
    light = brightness(renderer().draw(scene(broken)))
    at = {x: light[int(pixel(x, 0.0)[1]), int(pixel(x, 0.0)[0])] for x in (-1.5, -0.5, 0.0, 0.5, 1.5)}
    assert at[-1.5] > 0.5
    assert at[1.5] > 0.5
    assert max(at[-0.5], at[0.0], at[0.5]) == 0


def test_that_a_resting_or_single_point_draws_nothing(renderer: Make) -> None:
    assert brightness(renderer().draw(scene(trail((0.0, 0.0))))).max() == 0
    assert brightness(renderer().draw(scene(trail((0.0, 0.0), (0.0, 0.0))))).max() == 0


def test_that_more_lines_than_a_texture_has_rows_are_all_drawn(renderer: Make) -> None:
    n = 5000
    lines = np.zeros((n, 2, 2), np.float32) + 90.0
    lines[[0, n - 1], 0], lines[[0, n - 1], 1] = [[-1.0, 1.0], [-1.0, -1.0]], [[2.0, 1.0], [2.0, -1.0]]
    light = brightness(renderer().draw(scene(TrailLayer(lines, np.tile(WHITE, (n, 1)), 4.0, 1.0, False))))
    for y in (1.0, -1.0):
        assert light[int(pixel(0.5, y)[1]), int(pixel(0.5, y)[0])] > 0.8


# ---- arrows and points ----


def arrow(at: tuple[float, float], vector: tuple[float, float], opacity: float = 1.0) -> ArrowLayer:
    return ArrowLayer(points(at), points(vector), "#ffffff", opacity, 2.0)


@pytest.mark.parametrize("vector", [(1.5, 0.0), (0.0, -1.5), (1.0, 1.0)])
def test_that_an_arrow_reaches_from_tail_to_tip_and_is_broader_there(
    renderer: Make, vector: tuple[float, float]
) -> None:
    at = np.array([0.4, 0.1])
    light = brightness(renderer().draw(scene(arrow((0.4, 0.1), vector))))
    unit = np.array(vector) / np.hypot(*vector)

    def row_of_light(share: float) -> float:
        """Light on the line across the arrow at this share of its length."""
        centre = np.array(pixel(*(at + (share - 0.5) * np.array(vector))))
        across = np.array([unit[1], unit[0]])
        return sum(light[int(y), int(x)] for x, y in (centre + s * across for s in np.arange(-9, 9.5, 0.5)))

    assert row_of_light(-0.06) == 0
    assert row_of_light(1.06) == 0
    assert row_of_light(0.25) > 0
    assert row_of_light(0.895) > 1.5 * row_of_light(0.25)


def test_that_arrows_keep_to_their_opacity(renderer: Make) -> None:
    light = brightness(renderer().draw(scene(arrow((0.4, 0.1), (2.0, 0.0), opacity=0.4))))
    assert light.max() == pytest.approx(0.4, abs=0.06)


def test_that_vectors_of_no_length_or_no_number_are_left_out(renderer: Make) -> None:
    layer = ArrowLayer(
        points((0.0, 0.0), (1.0, 1.0), (1.0, -1.0)),
        points((0.0, 0.0), (np.nan, 1.0), (0, np.inf)),
        "#ffffff",
        1,
        2,
    )
    assert brightness(renderer().draw(scene(layer))).max() == 0


def test_that_points_are_where_they_are_and_as_faint_as_asked(renderer: Make) -> None:
    layer = PointLayer(points((1.2, 0.7)), "#ffffff", 8.0, 0.5)
    light = brightness(renderer().draw(scene(layer)))
    assert centre_of_light(light) == pytest.approx(pixel(1.2, 0.7), abs=0.06)
    assert light.max() == pytest.approx(0.5, abs=0.05)


def test_that_ink_is_a_veil_as_thick_as_it_was_painted(renderer: Make) -> None:
    raster = np.zeros((40, 40), np.float32)
    raster[20:, 20:], raster[:20, :20] = 1.0, 0.5
    light = brightness(renderer().draw(scene(InkLayer(raster, 2.0, "#ffffff", 0.6))))
    at = {
        p: light[int(pixel(*p)[1]), int(pixel(*p)[0])]
        for p in ((1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (2.2, 1.0))
    }
    assert at[1.0, 1.0] == pytest.approx(0.6 * FULL, abs=0.01)
    assert at[-1.0, -1.0] == pytest.approx(0.3 * FULL, abs=0.01)
    assert at[1.0, -1.0] == at[2.2, 1.0] == 0


def test_that_layers_without_anything_draw_nothing(renderer: Make) -> None:
    none = np.zeros((0, 2), np.float32)
    layers = (
        particles(none),
        PointLayer(none, "#ffffff", 4, 1),
        ArrowLayer(none, none, "#ffffff", 1, 2),
        TrailLayer(np.zeros((0, 5, 2), np.float32), np.zeros((0, 4), np.uint8), 2, 1),
    )
    assert brightness(renderer().draw(scene(*layers))).max() == 0


# ---- contours and axes ----


@pytest.mark.parametrize("top", [1.0, 7.0])
def test_that_contours_stand_where_the_density_is_half_and_half_again(renderer: Make, top: float) -> None:
    """Of a Gaussian of width s: at s sqrt(2 k log 2) from its middle."""
    layer = density(top * bump(128), top=top)
    lines = renderer().draw(scene(replace(layer, fills=False, contours=True)))
    light = brightness(lines)
    row, column = (round(v) for v in reversed(pixel(0.0, 0.0)))
    right = light[row, column:]
    scale = AREA.pixels_per_unit(CAMERA)
    for k in (1, 2, 3):
        place = 0.5 * (2 * k * np.log(2)) ** 0.5 * scale
        near = right[round(place) - 3 : round(place) + 4]
        assert near.max() > 0.25
        assert near.argmax() in (2, 3, 4)
    assert brightness(renderer().draw(scene(replace(layer, fills=False)))).max() == 0
    both = renderer().draw(scene(replace(layer, contours=True))).astype(int)
    plain = renderer().draw(scene(layer)).astype(int)
    changed = np.abs(both - plain).max(-1)
    assert changed[light == 0].max() <= 1
    assert (changed[light > 0.4] > 10).all()


@pytest.mark.parametrize("name", PALETTES)
def test_that_axes_are_faint_lines_at_round_numbers(renderer: Make, name: str) -> None:
    picture = replace(scene(AxesLayer(PLANE)), palette=PALETTES[name])
    light = brightness(renderer().draw(picture), PALETTES[name])
    column, row = round(pixel(0.0, 0.0)[0]), round(pixel(0.0, 1.5)[1])
    assert 0.02 < light[row, column - 1 : column + 2].max() < 0.4
    assert light[row, column + 20] == 0
    assert light.max() > 0.4  # words and the bar
