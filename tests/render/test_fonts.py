"""Fonts: what ours lacks is drawn in a font of the system that has it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from fmstudio.render import fonts
from fmstudio.render.text import Run, advance, block

SCRIPTS = "Ж σ ✓ ∇ ℝ 二つの月 ñ ø ж א ع ก 한 🌙"


def drawn(text: str, face: fonts.Font) -> bytes:
    picture = Image.new("L", (80, 60))
    ImageDraw.Draw(picture).text((10, 40), text, 255, face, anchor="ls")
    return np.asarray(picture).tobytes()


@pytest.mark.parametrize("character", sorted(set(SCRIPTS) - {" "}))
def test_that_a_character_that_some_font_has_is_no_empty_box(character: str) -> None:
    if not any(fonts._has(path, character) for path in fonts._system_fonts()):
        assert list(fonts.pieces(character, 30.0, False)) == [(character, fonts.font(30.0, False))]
        return
    ((text, face),) = fonts.pieces(character, 30.0, False)
    assert text == character
    assert drawn(character, face) != drawn("\U0010ffff", face)


def test_that_text_is_kept_whole_and_in_order() -> None:
    assert "".join(text for text, _ in fonts.pieces(SCRIPTS, 13.0, True)) == SCRIPTS


def test_that_a_font_is_left_only_for_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = fonts.font(13.0, False)
    assert isinstance(ours, ImageFont.FreeTypeFont)
    other = next(path for path in fonts._system_fonts() if path != str(ours.path))
    monkeypatch.setattr(fonts, "_has", lambda path, c: (c in "月") == (path == other))
    fonts._file_for.cache_clear()
    try:
        found = [(text, str(face.path)) for text, face in fonts.pieces("a月 bß", 13.0, False)]
    finally:
        fonts._file_for.cache_clear()
    assert found == [("a", str(ours.path)), ("月", other), (" bß", str(ours.path))]


def test_that_a_font_of_fixed_pictures_or_a_broken_file_is_passed_over(tmp_path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"\0\1\0\0 nothing")
    assert fonts._face(str(broken)) is None
    assert not fonts._has(str(broken), "a")


def test_that_words_are_as_wide_as_they_are_drawn() -> None:
    line = (Run("月 and Ж", "#ffffff"),)
    width = advance(line, 2.0)
    picture = block((line,), None, 2.0)
    columns = np.nonzero(picture[..., 3].any(0))[0]
    assert columns[-1] - columns[0] <= width + 2


@pytest.mark.parametrize("bold", [False, True])
def test_that_bold_words_take_the_second_face_of_a_collection(
    bold: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(fonts, "_files", lambda: ("HelveticaNeue.ttc", "HelveticaNeue.ttc"))
    monkeypatch.setattr(ImageFont, "truetype", lambda name, _size, index: asked.append((name, index)))
    fonts.font.__wrapped__(12.0, bold)
    assert asked == [("HelveticaNeue.ttc", int(bold))]
