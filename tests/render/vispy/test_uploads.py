"""What goes to the GPU, and what need not."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vispy.gloo import glir

from fmstudio.render.scene import Layer, Scene
from fmstudio.render.vispy.density import BAND, EDGE, lit_spans, refined, strip_corners
from fmstudio.render.vispy.offscreen import OffscreenRenderer
from fmstudio.render.vispy.particles import order_by_place
from fmstudio.render.vispy.trails import segment_corners
from fmstudio.render.vispy.uploads import Uploads
from tests.render.vispy.conftest import Make
from tests.render.vispy.scenes import bump, density, particles, scene


def recorded(drawer: OffscreenRenderer, picture: Scene, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of every transfer of vertices, indices and textures while a scene is drawn."""
    sent: list[int] = []
    with monkeypatch.context() as patch:
        for kind in (glir.GlirBuffer, glir.GlirTexture2D):

            def watch(self: Any, offset: Any, data: Any, send: Any = kind.set_data) -> None:
                sent.append(data.nbytes)
                send(self, offset, data)

            patch.setattr(kind, "set_data", watch)
        drawer.draw(picture)
    return sent


def test_that_a_frame_between_two_states_uploads_no_particle(
    renderer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    a, b = (generator.normal(size=(20_000, 2)).astype(np.float32) for _ in range(2))
    layer = particles(a, b, 0.1, size=2.0)
    image = density(bump(), bump(x=0.3), 0.2)
    first = recorded(renderer(), scene(image, layer), monkeypatch)
    assert sum(first) > a.nbytes + b.nbytes
    later = scene(replace(image, weight=0.6), replace(layer, weight=0.7))
    assert sum(recorded(renderer(), later, monkeypatch)) < 4096


def test_that_only_the_new_state_is_uploaded_on_the_next_step(
    renderer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    a, b, c = (generator.normal(size=(5000, 2)).astype(np.float32) for _ in range(3))
    layer = particles(a, b, 0.9, size=2.0)
    renderer().draw(scene(layer))
    assert sum(recorded(renderer(), scene(replace(layer, a=b, b=c)), monkeypatch)) == c.nbytes


def test_that_an_upload_is_kept_while_its_array_lives() -> None:
    made: list[int] = []
    uploads: Uploads[int] = Uploads(lambda array: made.append(len(array)) or len(made), limit=1 << 20)
    a, b = np.zeros(10), np.zeros(20)
    assert [uploads.of(x) for x in (a, b, a, b, a)] == [1, 2, 1, 2, 1]
    assert uploads.made == 2


def test_that_another_array_at_the_same_address_is_not_mistaken() -> None:
    uploads: Uploads[float] = Uploads(lambda array: float(array[0]), limit=1 << 20)
    for value in range(200):
        assert uploads.of(np.full(100, float(value))) == value


def test_that_arrays_are_not_kept_alive() -> None:
    uploads: Uploads[int] = Uploads(len, limit=1 << 20)
    array = np.zeros(10)
    watch = weakref.ref(array)
    uploads.of(array)
    del array
    gc.collect()
    assert watch() is None


def test_that_the_least_recently_drawn_goes_first() -> None:
    uploads: Uploads[int] = Uploads(len, limit=250)
    a, b, c = (np.zeros(100, np.uint8) for _ in range(3))
    for array in (a, b, a, c, a):
        uploads.of(array)
    assert uploads.made == 3
    uploads.of(b)
    assert uploads.made == 4


# ---- geometry ----


@pytest.mark.parametrize("n", [3, 40, 100, 160, 300])
def test_that_refining_keeps_the_given_values(n: int) -> None:
    image = np.random.default_rng(0).random((n, n + 7)).astype(np.float32)
    fine = refined(image)
    step = (fine.shape[0] - 1) // (n - 1)
    assert np.array_equal(fine[::step, ::step], image)
    assert fine.shape[0] >= min(n, 256) if n < 4 else fine.shape[0] >= 256


def test_that_refining_is_exact_on_slopes_and_near_on_a_bump() -> None:
    ramp = np.linspace(0, 1, 40, dtype=np.float32)
    assert refined(np.tile(ramp, (40, 1))) == pytest.approx(
        np.tile(np.linspace(0, 1, 313), (313, 1)), abs=1e-5
    )
    fine = refined(bump(65))
    assert np.abs(fine - bump(len(fine))).max() < 3e-4


@given(st.integers(4, 90), st.integers(4, 90), st.integers(0, 10_000))
def test_that_strips_cover_every_value_that_can_be_seen(rows: int, columns: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    a, b = ((generator.random((rows, columns)) > 0.97).astype(np.float32) for _ in range(2))
    corners = strip_corners(lit_spans(a), lit_spans(b), rows, columns).reshape(-1, 4, 2)
    for row, column in zip(*np.nonzero(a + b), strict=True):
        # the value's influence reaches a cell around it
        for y, x in ((row + dy, column + dx) for dy in (-0.9, 0.9) for dx in (-0.9, 0.9)):
            inside = (corners[:, 0] <= (x, y)).all(1) & (corners[:, 3] >= (x, y)).all(1)
            assert inside.any()


def test_that_strips_leave_out_what_is_dark() -> None:
    image = np.zeros((65, 65), np.float32)
    image[20, 30] = 1.0
    corners = strip_corners(lit_spans(image), lit_spans(image), 65, 65)
    assert corners.min(0).tolist() == [29, BAND]
    assert corners.max(0).tolist() == [31, 2 * BAND]
    assert len(strip_corners(lit_spans(0 * image), lit_spans(0 * image), 65, 65)) == 0
    full = strip_corners(lit_spans(1 + image), lit_spans(image), 65, 65)
    assert full.min(0).tolist() == [-EDGE, -EDGE]
    assert full.max(0).tolist() == [64 + EDGE, 64 + EDGE]


@given(st.integers(1, 400), st.integers(0, 10_000))
def test_that_the_order_of_a_crowd_leaves_nobody_out(n: int, seed: int) -> None:
    places = np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32)
    places[:: n // 3 + 1] = np.nan
    assert np.array_equal(np.sort(order_by_place(places)), np.arange(n))


def test_that_neighbours_follow_each_other_and_none_overtakes_in_its_cell() -> None:
    places = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    order = order_by_place(places)
    steps = np.hypot(*np.diff(places[order], axis=0).T)
    assert np.median(steps) < 0.3 * np.median(np.hypot(*np.diff(places, axis=0).T))
    together = np.tile(places[:1], (50, 1))
    assert np.array_equal(order_by_place(together), np.arange(50))


def test_that_every_segment_has_two_triangles_of_its_own() -> None:
    corners, index = segment_corners(3, 5)
    assert len(corners) == 4 * 3 * 4
    assert len(index) == 6 * 3 * 4
    triangles = corners[index].reshape(3, 4, 6, 4)
    for line in range(3):
        for segment in range(4):
            assert (triangles[line, segment, :, :2] == (line, segment)).all()
    assert len({tuple(row) for row in corners}) == len(corners)


def test_that_the_painter_knows_every_kind_of_layer(renderer: Make) -> None:
    assert set(get_args(Layer)) == set(renderer()._painter.visuals)
