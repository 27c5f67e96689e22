"""A formula that is typed: what it means, and the sentence and the place where it means nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.document.formulas import (
    CONSTANTS,
    DEEPEST,
    FUNCTIONS,
    LONGEST,
    VARIABLES,
    FormulaError,
    read_formula,
    side_of,
)

X = np.array([-2.0, -0.5, 0.0, 0.3, 1.7])
Y = np.array([1.1, -0.4, 0.0, 2.5, -1.2])
PLACE = {"x": X, "y": Y, "r": np.hypot(X, Y), "theta": np.arctan2(Y, X)}
OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power}
Known = tuple[str, Any]
"""A formula as it may be typed, and its values by numpy."""


def number(value: float) -> Known:
    return repr(value), np.float64(value)


leaves = st.one_of(
    st.sampled_from(sorted(PLACE)).map(lambda name: (name, PLACE[name])),
    st.sampled_from(sorted(CONSTANTS)).map(lambda name: (name, np.float64(CONSTANTS[name]))),
    st.floats(0, 1e6, allow_subnormal=False).map(number),
)


def binary(parts: tuple[Known, str, Known, bool]) -> Known:
    (left, a), operator, (right, b), spaced = parts
    gap = " " if spaced else ""
    with np.errstate(all="ignore"):
        return f"({left}){gap}{operator}{gap}({right})", OPERATORS[operator](a, b)


def called(parts: tuple[str, list[Known]]) -> Known:
    name, arguments = parts
    function, count = FUNCTIONS[name]
    taken = arguments[:count]
    with np.errstate(all="ignore"):
        return f"{name}({', '.join(text for text, _ in taken)})", function(*(value for _, value in taken))


def larger(inner: st.SearchStrategy[Known]) -> st.SearchStrategy[Known]:
    operations = st.tuples(inner, st.sampled_from(sorted(OPERATORS)), inner, st.booleans()).map(binary)
    calls = st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, min_size=2, max_size=2))
    negatives = inner.map(lambda known: (f"-({known[0]})", np.negative(known[1])))
    return st.one_of(operations, calls.map(called), negatives)


@given(st.recursive(leaves, larger, max_leaves=12).filter(lambda known: len(known[0]) <= LONGEST))
def test_that_a_formula_is_what_numpy_makes_of_its_parts(known: Known) -> None:
    text, expected = known
    np.testing.assert_array_equal(read_formula(text).values(X, Y), np.broadcast_to(expected, X.shape))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-x^2", -4.0),
        ("2^3^2", 512.0),
        ("2**-1", 0.5),
        ("1 - 2 - 3", -4.0),
        ("8 / 4 / 2", 1.0),
        ("2x", 4.0),
        ("2x y", 12.0),
        ("3(x + 1)(y - 1)", 18.0),
        ("2exp(0)", 2.0),
        ("x^2 y", 12.0),
        ("2e3", 2000.0),
        ("2 pi", 2 * math.pi),
        ("1/2*x", 1.0),
        ("--x", 2.0),
        ("-x\n+ y", 1.0),
        ("\u2212x·y × π", -6 * math.pi),
        ("ln(e)", 1.0),
        (".5 + 1.", 1.5),
        ("9^9^9^9^9", math.inf),
        ("hypot(x, y) - r", 0.0),
        ("atan2(y, x) - theta", 0.0),
    ],
)
def test_that_a_formula_is_read_as_mathematics_is(text: str, value: float) -> None:
    assert read_formula(text).values(2.0, 3.0) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("x +", 3, "breaks off"),
        ("exp(-x^2", 3, "not closed"),
        ("x)", 1, "closes nothing"),
        ("exp x", 0, r"exp\(x\)"),
        ("exp()", 4, "expected here"),
        ("x, y", 1, "arguments of a function"),
        ("0,5 x", 1, "point"),
        ("min(0,5, x)", 5, "point"),
        ("min(x)", 0, r"min\(x, y\)"),
        ("exp(x, y)", 0, "it has 2"),
        ("2 3", 2, "side by side"),
        ("1.2.3", 3, "side by side"),
        ("1/2 x", 4, "could be"),
        ("1 + xy", 4, r"x\*y"),
        ("sine(x)", 0, "did you mean sin"),
        ("z", 0, "there are x, y, r"),
        ("X", 0, "not known"),
        ("x $ y", 2, "no meaning"),
        ("x = y", 2, "no meaning"),
        ("x.real", 1, "no meaning"),
        ("__import__('os')", 11, "no meaning"),
        ("1e999", 0, "too large"),
        ("\u0663 x", 0, "no meaning"),
        ("x \x00 y", 2, "cannot be seen"),
    ],
)
def test_that_what_is_no_formula_is_told_in_a_sentence_and_at_its_place(
    text: str, place: int, words: str
) -> None:
    with pytest.raises(FormulaError, match=words) as caught:
        read_formula(text)
    assert caught.value.position == place
    assert str(caught.value).endswith((".", "?"))


HOSTILE = {
    "deep": "(" * 200 + "x" + ")" * 200,
    "signs": "-" * 400 + "x",
    "powers": "x^" * 200 + "x",
    "calls": "exp(" * 100 + "x" + ")" * 100,
    "long": "x+" * 100_000 + "x",
    "one name": "x" * 1_000_000,
    "digits": "9" * 1_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_that_hostile_text_is_refused_at_a_place_within_it(text: str) -> None:
    with pytest.raises(FormulaError, match=f"{LONGEST}|{DEEPEST}") as caught:
        read_formula(text)
    assert caught.value.position is not None
    assert 0 <= caught.value.position <= len(text)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=60) | st.text("x+-*/^(),.0e sinp", max_size=40))
def test_that_any_text_is_a_formula_or_a_sentence(text: str) -> None:
    try:
        formula = read_formula(text)
    except FormulaError as error:
        place, words = error.position, str(error)
    else:
        place, words = None, "none"
        assert formula.values(X, Y).shape == X.shape
    assert words
    assert place is None or 0 <= place <= len(text)


def test_that_every_name_has_a_meaning_and_none_has_two() -> None:
    assert not set(VARIABLES) & set(FUNCTIONS) | set(CONSTANTS) & set(FUNCTIONS)
    for name, (_, count) in FUNCTIONS.items():
        arguments = ", ".join(("x", "y")[:count])
        assert read_formula(f"{name}({arguments})").values(0.5, 0.7).shape == ()


@pytest.mark.parametrize(
    ("text", "is_log", "rest"),
    [
        ("log p = -r^2", True, "-r^2"),
        ("p(x, y) = exp(-r^2)", False, "exp(-r^2)"),
        ("  ln p(x,y)=x", True, "x"),
        ("p=1", False, "1"),
        ("-r^2", None, "-r^2"),
        ("pi x", None, "pi x"),
        ("log(p)", None, "log(p)"),
    ],
)
def test_that_a_text_may_say_which_side_it_is(text: str, is_log: bool | None, rest: str) -> None:
    side, start = side_of(text)
    assert side is is_log
    assert text[start:].strip() == rest
