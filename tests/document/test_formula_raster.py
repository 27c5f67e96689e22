"""The raster of a formula: its density and moments, what is told of it, and what is no density."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmstudio.document.document import Document
from fmstudio.document.editing import SettingError, with_text
from fmstudio.document.formula_raster import CELLS, FormulaRaster, raster_of
from fmstudio.document.formulas import FormulaError
from fmstudio.document.specs.distribution import FORMULAS, FormulaSpec, RingSpec
from fmstudio.document.specs.formula import FormulaLaw

HALF = 4.0
CENTRES = (np.arange(CELLS) + 0.5) * 2 * HALF / CELLS - HALF


def moments(raster: FormulaRaster, half: float = HALF) -> tuple[float, float, float, float]:
    """Mean and standard deviation along either axis."""
    mass = raster.mass.astype(np.float64) / raster.mass.sum(dtype=np.float64)
    centres = CENTRES * half / HALF
    found = []
    for marginal in (mass.sum(0), mass.sum(1)):
        mean = marginal @ centres
        found += [mean, np.sqrt(marginal @ (centres - mean) ** 2)]
    return tuple(found)  # type: ignore[return-value]


gaussians = st.tuples(st.floats(-1, 1), st.floats(0.1, 0.5), st.floats(-1, 1), st.floats(0.1, 0.5))


@settings(max_examples=25)
@given(gaussians, st.floats(-1e4, 1e4))
def test_that_a_gaussian_formula_has_the_moments_of_the_gaussian(
    law: tuple[float, float, float, float], constant: float
) -> None:
    x, across, y, along = law
    text = f"-(x - ({x!r}))^2/(2*{across!r}^2) - (y - ({y!r}))^2/(2*{along!r}^2) + ({constant!r})"
    raster = raster_of(text, True, HALF)
    blur = (2 * HALF / CELLS) ** 2 / 16  # four places of a cell, all of them put at its middle
    wide = (np.sqrt(across**2 + blur), np.sqrt(along**2 + blur))
    assert moments(raster) == pytest.approx((x, wide[0], y, wide[1]), abs=1e-5)
    expected = np.exp(-(((CENTRES - x) / across) ** 2) / 2)
    row = raster.mass[raster.mass.sum(1).argmax()]
    np.testing.assert_allclose(row / row.max(), expected / expected.max(), atol=0.02)
    assert not raster.note
    box = raster.extent.box
    assert box == pytest.approx(
        (x - 3.29 * across, y - 3.29 * along, x + 3.29 * across, y + 3.29 * along), abs=0.05
    )


def test_that_p_and_log_p_of_one_density_are_one_raster() -> None:
    log, plain = raster_of("-r^2", True, HALF), raster_of("1e200 exp(-r^2)", False, HALF)
    np.testing.assert_allclose(log.mass, plain.mass, rtol=1e-5, atol=1e-30)


def test_that_a_formula_stands_where_it_says_with_y_up() -> None:
    x, _, y, _ = moments(raster_of("-20 (x - 1)^2 - 20 (y + 2)^2", True, HALF))
    assert (x, y) == pytest.approx((1, -2), abs=1e-4)


@pytest.mark.parametrize(
    ("text", "is_log", "words"),
    [
        ("sqrt(x)", False, r"p is no number at \(-0.0\d*, .*root"),
        ("log(x)", True, "log p is no number"),
        ("0/0", False, "no number"),
        ("x", False, r"p is negative at \(-0.0"),
        ("-6 r^2", False, "negative.*take log p"),
        ("9^9^9^9", False, "p is infinite at"),
        ("1/max(0, r - 2)", False, "infinite"),
        ("exp(exp(9 r))", True, "log p is infinite"),
        ("0", False, "zero in every cell"),
        ("log(0)", True, "zero in every cell"),
        ("exp(-1e5 (x - 9)^2)", False, "zero in every cell.*half side 4"),
        ("max(0, x - 5)", False, "zero in every cell"),
        ("1/r^2", False, r"peak at \(0, 0\)"),
        ("-2 log(r)", True, r"peak at \(0, 0\)"),
        ("1/((x - 1.3)^2 + (y + 0.77)^2)", False, r"peak at \(1.3, -0.77\)"),
        ("1/hypot(x - 0.123, y)^4", False, "peak at"),
        ("1/abs(x - 1)", False, "peak at"),
    ],
)
def test_that_what_is_no_density_is_refused_in_a_sentence(text: str, is_log: bool, words: str) -> None:
    with pytest.raises(FormulaError, match=words):
        raster_of(text, is_log, HALF)
    with pytest.raises(ValueError, match=words):
        FormulaSpec(expression=text, is_log=is_log, half=HALF)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1", "Cut off at the border"),
        ("exp(-x^2)", "Cut off at the border"),
        ("1/r", r"Infinite at \(0, 0\).*Cut off"),
        ("exp(-r^2)/r", r"Infinite at \(0, 0\)"),
        ("exp(-r^2)/abs(x)^0.5", r"Infinite at \(0, "),
        ("exp(-10000 r^2)", "Parts finer than a cell"),
        ("exp(-r^2) sin(200 x)^2", "Parts finer than a cell"),
    ],
)
def test_that_what_is_not_held_as_typed_is_told(text: str, words: str) -> None:
    assert re.search(words, raster_of(text, False, HALF).note)
    spec = FormulaSpec(expression=text, is_log=False, half=HALF)
    assert spec.remarks == raster_of(text, False, HALF).note.rstrip(".")


@pytest.mark.parametrize("text", ["-r^2", "log(max(0, min(1, 1e6 (1 - r))))", "max(log(0), -50 (r - 2)^2)"])
def test_that_there_is_nothing_to_tell_of_what_is_held(text: str) -> None:
    assert raster_of(text, True, HALF).note == ""


def test_that_an_integrable_peak_has_its_mass() -> None:
    """1/r within a radius R has the mass 2 pi R: half of that within 1 lies within 1/2."""
    mass = raster_of("(1/r) min(1, max(0, 200 (1 - r)))", False, 2.0).mass
    r = np.hypot(CENTRES / 2, CENTRES[:, None] / 2)
    assert mass[r < 0.5].sum() / mass.sum() == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("law", FORMULAS, ids=lambda law: law.model_fields["kind"].default)
def test_that_a_formula_with_a_name_is_held_whole_and_becomes_a_formula_once_edited(
    law: type[FormulaLaw],
) -> None:
    spec = law()
    assert spec.remarks == ""
    text, is_log, half = spec.stated
    assert spec.typed(text, is_log) is spec
    assert spec.typed(f"{text} + 1", is_log) == FormulaSpec(
        expression=f"{text} + 1", is_log=is_log, half=half
    )
    np.testing.assert_allclose(
        FormulaSpec(expression=text, is_log=is_log, half=half).raster.mass, spec.raster.mass
    )


def test_that_a_setting_may_say_which_side_it_is_and_a_number_is_a_formula() -> None:
    plain = with_text(Document(target=FormulaSpec()), "target.expression=p = exp(-r^2)").target
    assert plain == FormulaSpec(expression="exp(-r^2)", is_log=False)
    flat = with_text(Document(target=plain), "target.expression=1").target
    assert flat == FormulaSpec(expression="1", is_log=False)
    log = with_text(Document(target=plain), "target.expression=log p(x, y) = -r^2").target
    assert log == FormulaSpec(expression="-r^2", is_log=True)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("target.expression=exp(-x^2", r"not closed \(at sign 4\)$"),
        ("target.is_log=false", "p is negative"),
        ("target.half=0", "greater than or equal"),
        ("target.expression=" + "(" * 900, "at most 500 signs"),
        ("target.expression=true", "valid string"),
    ],
)
def test_that_a_setting_that_is_no_density_is_one_sentence(setting: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        with_text(Document(target=FormulaSpec()), setting)


def test_that_only_a_formula_has_an_expression() -> None:
    with pytest.raises(SettingError, match="no 'expression' here"):
        with_text(Document(target=RingSpec()), "target.expression=x")
