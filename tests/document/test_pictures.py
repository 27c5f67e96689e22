"""Pictures: any ink on any ground is found where it is, and threshold and inversion make it anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from fmstudio.document.imports import import_picture
from fmstudio.document.specs.distribution import DrawnSpec

colours = st.tuples(*[st.integers(0, 255)] * 3)


def disc(
    ground: tuple[int, ...], ink: tuple[int, ...], centre: tuple[int, int], mode: str = "RGB"
) -> Image.Image:
    image = Image.new(mode, (256, 256), ground)
    x, y = centre
    ImageDraw.Draw(image).ellipse((x - 20, y - 20, x + 20, y + 20), fill=ink)
    return image


def centre_of(spec: DrawnSpec) -> tuple[float, float]:
    rows, columns = np.nonzero(spec.raster.values > 0.5 * spec.raster.values.max())
    return float(columns.mean()), 255 - float(rows.mean())


@settings(max_examples=150, deadline=None)
@given(ground=colours, ink=colours, x=st.integers(25, 230), y=st.integers(25, 230))
def test_that_ink_of_any_colour_is_found_on_a_ground_of_any_other(
    ground: tuple[int, ...],
    ink: tuple[int, ...],
    x: int,
    y: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assume(np.abs(np.subtract(ground, ink)).max() > 64)
    path = tmp_path_factory.mktemp("pictures") / "disc.png"
    disc(ground, ink, (x, y)).save(path)
    assert centre_of(import_picture(path)) == pytest.approx((x, y), abs=0.6)


@settings(max_examples=40, deadline=None)
@given(ink=colours, x=st.integers(25, 230))
def test_that_ink_of_any_colour_is_found_on_nothing(
    ink: tuple[int, ...], x: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pictures") / "disc.png"
    disc((*ink, 0), (*ink, 255), (x, 90), "RGBA").save(path)
    assert centre_of(import_picture(path)) == pytest.approx((x, 90), abs=0.6)


@pytest.mark.parametrize(("suffix", "blanks"), [("gif", 1), ("tiff", 2), ("webp", 1)])
def test_that_blank_first_frames_are_passed_over_with_a_word(
    tmp_path: Path, suffix: str, blanks: int
) -> None:
    path = tmp_path / f"film.{suffix}"
    frames = [Image.new("RGB", (256, 256), (200 + k,) * 3) for k in range(blanks)]
    frames.append(disc((200, 200, 200), (10, 20, 200), (60, 60)))
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    spec = import_picture(path)
    assert centre_of(spec) == pytest.approx((60, 60), abs=1.5)
    assert "first frame with ink" in spec.remarks


def test_that_threshold_and_inversion_make_the_raster_anew(tmp_path: Path) -> None:
    path = tmp_path / "disc.png"
    image = disc((255, 255, 255), (0, 0, 0), (60, 60))
    ImageDraw.Draw(image).ellipse((150, 150, 190, 190), fill=(190, 190, 190))
    image.save(path)
    spec = import_picture(path)
    assert spec.picture is not None
    strong = DrawnSpec.of_picture(spec.picture.model_copy(update={"threshold": 0.5}), spec.name)
    ink = [(s.raster.values > 0).sum() for s in (spec, strong)]
    assert ink[1] == pytest.approx(ink[0] / 2, rel=0.05)
    inverted = DrawnSpec.of_picture(spec.picture.model_copy(update={"inverted": True}), spec.name)
    np.testing.assert_allclose(inverted.raster.values + spec.raster.values, 1.0, atol=1e-6)
