"""Figures and places on screen: nothing that counts is rounded away, at any scale and however far."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fmstudio.document.specs.units import PLANE, Units
from fmstudio.studio.written import FINE, figure, place, tick, vector

SIZES = st.floats(1e-300, 1e300) | st.floats(-1e300, -1e-300)
UNITS = st.builds(
    lambda exponent, x, y: Units(offset=(x * 10.0**exponent, y * 10.0**exponent), scale=10.0**exponent),
    st.integers(-30, 30),
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
)


def numbers(words: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", words)]


@given(SIZES)
def test_that_a_figure_keeps_three_digits_and_stays_short(value: float) -> None:
    assert float(figure(value)) == pytest.approx(value, rel=5.01e-3)
    assert len(figure(value)) <= 10


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.15, "0.150"), (0.0, "0.000"), (12.3, "12.3"), (1234.5, "1234.5"), (2.34e-5, "2.34e-5")],
)
def test_that_a_figure_is_written_as_a_person_writes_it(value: float, words: str) -> None:
    assert figure(value) == words


@given(UNITS, st.floats(-4, 4), st.floats(-4, 4))
def test_that_a_place_is_told_as_finely_as_the_canvas_shows_it(units: Units, x: float, y: float) -> None:
    own = units.from_plane((x, y)).tolist()
    told = numbers(place(units, *own))
    assert told == pytest.approx(own, abs=FINE * units.scale, rel=1e-14)


def test_that_places_of_the_plane_have_two_decimals() -> None:
    assert place(PLANE, 0.5, -1.0) == "(0.50, -1.00)"
    assert vector(PLANE, 3.0, 4.0) == "(3.00, 4.00)  |5.00|"


@given(SIZES, SIZES)
@example(1.0, -100.0)
def test_that_an_arrow_of_a_file_keeps_its_direction_and_length(x: float, y: float) -> None:
    words = vector(Units(scale=0.5), x, y)
    length = math.hypot(x, y)
    told, _, power = words.partition(" e")
    shown = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", told)]
    unit = float(f"1e{power or 0}") if abs(int(power or 0)) <= 300 else None
    assert len(words) <= 32
    if unit is not None:
        assert [value * unit for value in shown] == pytest.approx([x, y, length], abs=0.06 * length)


@given(st.integers(-(10**9), 10**9))
def test_that_a_tick_is_as_round_as_it_is(value: int) -> None:
    assert float(tick(value / 1000)) == value / 1000
