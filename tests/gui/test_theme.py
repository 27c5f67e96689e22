from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QPushButton

from fmstudio.gui.contrast import TEXT_RATIO, contrast, mix, readable
from fmstudio.gui.style_sheet import accent, edge, hover, note_ground, style_sheet, well
from fmstudio.gui.theme import Theme, apply_theme
from fmstudio.render.palette import DARK, LIGHT, PALETTES

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_that_black_on_white_has_the_greatest_contrast():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#123456", "#123456") == pytest.approx(1)


@given(COLOURS, COLOURS)
def test_that_readable_text_is_readable_on_any_ground(colour, ground):
    assert contrast(readable(colour, ground), ground) >= TEXT_RATIO


@given(COLOURS, COLOURS)
def test_that_what_can_be_read_already_is_left_alone(colour, ground):
    if contrast(colour, ground) >= TEXT_RATIO:
        assert readable(colour, ground) == colour


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_that_text_can_be_read_on_every_ground(palette):
    grounds = (
        palette.window,
        palette.raised,
        palette.canvas,
        hover(palette),
        well(palette),
        note_ground(palette),
    )
    for ground in grounds:
        assert contrast(palette.text, ground) >= TEXT_RATIO
        assert contrast(palette.secondary, ground) >= TEXT_RATIO or ground == hover(palette)
    on_accent = palette.canvas if palette.name == "dark" else "#ffffff"
    assert contrast(on_accent, accent(palette)) >= TEXT_RATIO
    assert contrast(edge(palette), palette.window) > contrast(palette.line, palette.window)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_that_the_style_sheet_has_no_place_left_unfilled(palette):
    text = style_sheet(palette)
    assert "$" not in text
    assert text.count("{") == text.count("}")
    assert palette.window in text


def test_that_mixing_goes_from_one_colour_to_the_other():
    assert (mix("#000000", "#ffffff", 0), mix("#000000", "#ffffff", 1)) == ("#000000", "#ffffff")


def test_that_choosing_a_theme_tells_everybody_once(qapp, qtbot, theme: Theme):
    with qtbot.waitSignal(theme.changed) as told:
        theme.choose("light")
    assert told.args == [LIGHT]
    assert theme.palette is LIGHT
    assert LIGHT.window in qapp.styleSheet()
    with qtbot.assertNotEmitted(theme.changed):
        theme.choose("light")
    theme.choose("dark")
    assert theme.palette is DARK


def test_that_a_change_in_turns_is_not_seen_before_it_is_whole_and_ends_as_the_same_at_once(
    qtbot, qapp, theme
):
    label, turns = QLabel("t = 0.50"), []
    qtbot.addWidget(label)
    label.show()
    theme.choose("light")
    wanted, sheet = label.grab().toImage(), qapp.styleSheet()
    theme.choose("dark")
    theme.changed.connect(lambda _palette: turns.append(label.updatesEnabled()))
    theme.change("dark")
    assert not theme.is_changing
    theme.change("light")
    assert theme.palette is LIGHT
    qtbot.waitUntil(lambda: not theme.is_changing)
    assert turns == [False]
    assert label.updatesEnabled()
    assert qapp.styleSheet() == sheet
    assert label.grab().toImage() == wanted


def test_that_the_last_choice_holds_when_one_comes_before_the_other_is_done(qtbot, qapp, theme):
    theme.change("light")
    QTimer.singleShot(0, lambda: theme.change("dark"))
    qtbot.waitUntil(lambda: theme.palette is DARK and not theme.is_changing)
    assert DARK.window in qapp.styleSheet()
    assert LIGHT.window not in qapp.styleSheet()


def test_that_following_the_system_wears_what_the_system_wears(theme: Theme):
    theme.choose("system")
    assert theme.choice == "system"
    assert theme.palette in PALETTES.values()
    with pytest.raises(KeyError):
        theme.choose("purple")


def test_that_a_dress_put_over_another_looks_as_if_it_were_the_first(qtbot, qapp):
    """Also of widgets that were there all the time, whatever was worn between."""
    button, label = QPushButton("Export"), QLabel("t = 0.50")
    button.setProperty("kind", "primary")
    label.setProperty("role", "small")
    for widget in (button, label):
        qtbot.addWidget(widget)
    seen = []
    for palette in (DARK, LIGHT, DARK):
        apply_theme(qapp, palette)
        seen.append([widget.grab().toImage() for widget in (button, label)])
    assert seen[0] == seen[2]
    assert all(dark != light for dark, light in zip(seen[0], seen[1], strict=True))
