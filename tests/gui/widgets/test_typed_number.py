"""A typed number means what the person meant, or is refused: never another number in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.gui.widgets.typed_number import Unreadable, read_number

decimals = st.sampled_from((".", ","))
numbers = st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.6g}"))
WRITINGS = {"'": ".", "\u2019": ",", " ": ".", "\u202f": ",", "\xa0": ",", ",": ".", ".": ","}
"""What sets thousands off in some country, and the decimal sign there."""


@given(numbers, decimals, st.booleans())
def test_that_every_number_is_read_with_a_point_and_with_a_comma(number: float, decimal: str, comma: bool):
    text = f"{number:.6f}"
    assert read_number(text.replace(".", ",") if comma else text, decimal) == pytest.approx(
        number, rel=1e-6, abs=1e-6
    )


@given(numbers, st.sampled_from(sorted(WRITINGS)), decimals)
def test_that_thousands_are_read_in_every_writing(number: float, apart: str, decimal: str):
    text = f"{number:,.6f}".replace(",", "T").replace(".", WRITINGS[apart]).replace("T", apart)
    assert read_number(text, decimal) == pytest.approx(number, rel=1e-6, abs=1e-6)


@given(st.integers(-(10**9), 10**9), st.sampled_from(["", *WRITINGS]), decimals)
def test_that_a_whole_number_is_read_in_every_writing(number: int, apart: str, decimal: str):
    assert read_number(f"{number:,}".replace(",", apart), decimal, whole=True) == number


@given(st.text("0123456789.,' -+e", max_size=12), decimals, st.booleans())
def test_that_what_is_read_is_one_of_the_meanings_or_refused(text: str, decimal: str, whole: bool):
    """Never are digits joined across a sign that could not set off thousands (0,25 is not 25)."""
    try:
        number = read_number(text, decimal, whole)
    except Unreadable:
        return
    as_decimal = text.strip().replace(",", ".")
    try:
        plain = float(as_decimal.replace(" ", "x").replace("'", "x"))
    except ValueError:
        plain = None
    if plain is not None and number != plain:
        head, _, tail = text.strip().lstrip("+-").partition("," if "," in text else ".")
        assert len(tail.partition("e")[0]) == 3
        assert 1 <= len(head) <= 3
        assert head[0] != "0"


@pytest.mark.parametrize(
    ("text", "decimal", "whole", "number"),
    [
        ("0,25", ".", False, 0.25),
        ("0,25", ",", False, 0.25),
        ("1,250", ",", False, 1.25),
        ("1.250", ",", False, 1.25),
        ("1,000", ".", True, 1000),
        ("1.000", ",", True, 1000),
        ("1,5e-3", ".", False, 0.0015),
        (",5", ".", False, 0.5),
        ("\u22120.5", ".", False, -0.5),
    ],
)
def test_that_a_number_is_read_as_its_country_writes_it(text, decimal, whole, number):
    assert read_number(text, decimal, whole) == number


@pytest.mark.parametrize(
    "text", ["", "much", "nan", "inf", "1,23,4", "1.2.3", "12 5", "5 %", "1e999", "1,250", "--1", "\u00b2"]
)
def test_that_what_is_no_number_or_two_is_refused_in_a_sentence(text):
    with pytest.raises(Unreadable, match=r"\.$"):
        read_number(text)


def test_that_half_a_whole_number_is_refused():
    with pytest.raises(Unreadable, match="whole"):
        read_number("2.5", whole=True)
