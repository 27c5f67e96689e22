from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import ImageFont

from fmstudio.render import fonts
from fmstudio.render.palette import DARK, LIGHT, rgb
from fmstudio.render.scene import Legend
from fmstudio.render.text import (
    HALO,
    Run,
    indexed,
    label_block,
    legend_block,
    notice_block,
    shortened,
    title_block,
)

LEGEND = (Legend("density", "exact p_t"), Legend("field", "velocity", DARK.exact), Legend("colour", "origin"))


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "_exists", lambda _name: False)
    fonts._files.cache_clear()
    fonts.font.cache_clear()
    yield
    fonts._files.cache_clear()
    fonts.font.cache_clear()


def lowered(text: str) -> list[tuple[str, bool]]:
    return [(piece.text, piece.lowered) for piece in indexed(Run(text, DARK.text))]


def test_that_an_index_is_lowered_however_it_is_written() -> None:
    assert lowered("exact p_t") == lowered("exact pₜ") == [("exact p", False), ("t", True)]
    assert lowered("p_data, W₂") == [("p", False), ("data", True), (", W", False), ("2", True)]


@pytest.mark.parametrize("text", ["my_points", "two_moons.npy", "a__b", "_t", "p_"])
def test_that_names_of_files_are_not_taken_for_an_index(text: str) -> None:
    assert lowered(text) == [(text, False)]


def test_that_words_are_premultiplied_and_in_their_colour() -> None:
    words = label_block("ODE", DARK.target, 2.0)
    full = words[words[..., 3] == 255]
    assert len(full) > 50
    assert np.allclose(full[:, :3], np.round(255 * np.array(rgb(DARK.target))), atol=1)
    assert (words[..., :3] <= words[..., 3:]).all()


@pytest.mark.parametrize("ratio", [0.75, 1.0, 1.5, 2.0])
def test_that_words_grow_with_the_pixel_ratio(ratio: float) -> None:
    base, words = title_block("ODE", "Heun", DARK, 1.0, 900), title_block("ODE", "Heun", DARK, ratio, 900)
    assert words.shape[1] == pytest.approx(ratio * base.shape[1], rel=0.08)
    assert words.shape[0] == pytest.approx(ratio * base.shape[0], rel=0.08)


@pytest.mark.parametrize("width", [0, 20, 90, 200, 400])
def test_that_a_title_keeps_to_its_width(width: float) -> None:
    words = title_block("Exact", "CondOT · Euler–Maruyama, 100 steps, same particles", DARK, 1.0, width)
    assert words.shape[1] <= width + 2 * HALO + 2


def test_that_what_fits_is_not_shortened() -> None:
    runs = [Run("ODE", DARK.text, bold=True), Run("Heun", DARK.secondary)]
    assert shortened(runs, 1.0, 500) == runs
    assert shortened(runs, 1.0, 60)[-1].text.endswith("…")


def test_that_a_legend_wraps_between_entries() -> None:
    wide, narrow = legend_block(LEGEND, DARK, 1.0, 900), legend_block(LEGEND, DARK, 1.0, 180)
    lines = (narrow.shape[0] - 2 * HALO) / (wide.shape[0] - 2 * HALO)
    assert lines == pytest.approx(3, abs=0.1)


def test_that_a_swatch_shows_its_colour() -> None:
    words = legend_block(LEGEND[1:2], DARK, 2.0, 900)
    swatch = np.round(255 * np.array(rgb(DARK.exact)))
    assert (np.abs(words[..., :3].astype(int) - swatch).max(-1) <= 2).sum() > 100


def test_that_the_halo_has_the_canvas_colour_and_can_be_left_out() -> None:
    haloed, bare = (title_block("ODE", "", LIGHT, 2.0, 900, halo) for halo in (True, False))
    assert (haloed[..., 3] > 0).sum() > 2 * (bare[..., 3] > 0).sum()
    beside = haloed[(bare[..., 3] == 0) & (haloed[..., 3] > 40)]
    assert np.allclose(beside[:, :3], beside[:, 3:], atol=1)


def test_that_a_notice_is_broken_between_words() -> None:
    words = notice_block("No closed form for a ring source: train a model.", DARK, 1.0, 160)
    assert words.shape[1] <= 160 + 2 * HALO + 2
    assert words.shape[0] > 40


@pytest.mark.usefixtures("no_system_fonts")
def test_that_words_are_set_without_any_known_font() -> None:
    assert isinstance(fonts.font(13, False), ImageFont.FreeTypeFont | ImageFont.ImageFont)
    assert title_block("ODE", "p_t", DARK, 1.0, 300)[..., 3].max() == 255
