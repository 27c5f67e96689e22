from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import ImageFont

from fmstudio.render import fonts
from fmstudio.render.palette import DARK, LIGHT, rgb
from fmstudio.render.scene import Legend, Swatch
from fmstudio.render.text import (
    PAD,
    Run,
    advance,
    block,
    block_size,
    indexed,
    label_block,
    legend_lines,
    notice_lines,
    title_lines,
    wrapped,
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
    base = block_size(title_lines("ODE", "Heun", DARK, 1.0, 900), 1.0)
    words = block_size(title_lines("ODE", "Heun", DARK, ratio, 900), ratio)
    assert words == pytest.approx((ratio * base[0], ratio * base[1]), rel=0.08)


def test_that_a_picture_of_words_has_the_size_that_was_said() -> None:
    lines = legend_lines(LEGEND, DARK, 1.5, 200)
    assert block(lines, DARK, 1.5).shape == (*block_size(lines, 1.5)[::-1], 4)


def said(lines) -> str:
    return "".join(run.text for line in lines for run in line).replace(" ", "")


@pytest.mark.parametrize("width", [20, 90, 200, 400])
@pytest.mark.parametrize("ratio", [0.75, 1.0, 2.0])
def test_that_words_keep_to_their_width_and_all_are_there(width: float, ratio: float) -> None:
    title, subtitle = "Exact", "CondOT · Euler–Maruyama, 100 steps, p_t of the sameparticleswithoutaspace"
    for lines in (
        title_lines(title, subtitle, DARK, ratio, width),
        wrapped([Run(title, "", bold=True, swatch=Swatch((DARK.exact,))), Run(subtitle, "")], ratio, width),
    ):
        assert max(advance(line, ratio) for line in lines) <= max(width, 32 * ratio)
        assert said(lines) == (title + subtitle).replace(" ", "")
    long = (Legend("density", subtitle), *LEGEND)
    lines = legend_lines(long, DARK, ratio, width)
    assert max(advance(line, ratio) for line in lines) <= max(width, 32 * ratio)
    assert said(lines) == "".join(entry.name + entry.text for entry in long).replace(" ", "")


def test_that_a_title_that_fits_has_one_line() -> None:
    assert len(title_lines("ODE", "Heun", DARK, 1.0, 500)) == 1
    assert len(title_lines("ODE", "Heun, 60 steps", DARK, 1.0, 120)) == 2
    assert title_lines("", "", DARK, 1.0, 500) == ()


def test_that_a_legend_wraps_between_entries() -> None:
    assert len(legend_lines(LEGEND, DARK, 1.0, 900)) == 1
    assert len(legend_lines(LEGEND, DARK, 1.0, 130)) == 3


def test_that_a_swatch_shows_its_colour() -> None:
    words = block(legend_lines(LEGEND[1:2], DARK, 2.0, 900), DARK, 2.0)
    swatch = np.round(255 * np.array(rgb(DARK.exact)))
    assert (np.abs(words[..., :3].astype(int) - swatch).max(-1) <= 2).sum() > 100


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_that_words_stand_on_a_plate_of_the_canvas_colour(palette) -> None:
    lines = title_lines("ODE", "", palette, 2.0, 900)
    bare, plated = block(lines, None, 2.0), block(lines, palette, 2.0)
    beside = plated[bare[..., 3] == 0]
    assert np.median(beside[:, 3]) > 200
    full = beside[beside[:, 3] == np.median(beside[:, 3])]
    assert np.allclose(full[:, :3], full[:, 3:] * np.array(rgb(palette.canvas)), atol=1)


def test_that_a_notice_is_broken_between_words() -> None:
    notice = "No closed form for a ring source: train a model."
    lines = notice_lines(notice, DARK, 1.0, 160)
    assert block_size(lines, 1.0)[0] <= 160 + 2 * PAD + 2
    assert " ".join(run.text for line in lines for run in line) == notice
    assert len(lines) > 1


@pytest.mark.usefixtures("no_system_fonts")
def test_that_words_are_set_without_any_known_font() -> None:
    assert isinstance(fonts.font(13, False), ImageFont.FreeTypeFont | ImageFont.ImageFont)
    assert block(title_lines("ODE", "p_t", DARK, 1.0, 300), None, 1.0)[..., 3].max() == 255


def test_that_words_that_belong_together_are_not_broken() -> None:
    text = "W₂ at the end: 0.280\N{NO-BREAK SPACE}(floor\N{NO-BREAK SPACE}0.179)"
    lines = wrapped([Run(text, DARK.text)], 1.0, 160)
    assert len(lines) == 2
    assert lines[1][-1].text.endswith("0.280\N{NO-BREAK SPACE}(floor\N{NO-BREAK SPACE}0.179)")


def test_that_a_word_that_is_too_long_breaks_behind_its_hyphen() -> None:
    width = advance([Run("Euler–Maruyam", DARK.text)], 1.0)
    lines = wrapped([Run("CondOT · Euler–Maruyama, 60 steps", DARK.text)], 1.0, width)
    assert ["".join(run.text for run in line) for line in lines][1:3] == ["Euler–", "Maruyama, 60"]
