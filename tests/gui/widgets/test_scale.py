from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.gui.widgets.scale import Scale

SCALES = (
    Scale(0.0, 5.0, step=0.05),
    Scale(0.1, 10.0, step=0.1),
    Scale(1, 12, step=1, integer=True),
    Scale(100, 100_000, log=True, integer=True),
    Scale(1, 500, log=True, integer=True),
    Scale(1e-4, 0.1, log=True),
)


@given(st.sampled_from(SCALES), st.floats(0, 1))
def test_that_a_position_gives_a_value_within_the_slider_and_rounds_to_itself(scale, along):
    position = round(along * scale.positions)
    value = scale.value(position)
    assert scale.low <= value <= scale.high
    assert scale.value(scale.position(value)) == pytest.approx(value, rel=0.1)


@given(st.sampled_from(SCALES), st.floats(0, 1), st.floats(0, 1))
def test_that_further_right_is_never_less(scale, a, b):
    low, high = sorted(round(part * scale.positions) for part in (a, b))
    assert scale.value(low) <= scale.value(high)


@given(st.sampled_from(SCALES), st.floats(0, 1))
def test_that_what_is_written_can_be_read_back(scale, along):
    value = scale.value(round(along * scale.positions))
    assert scale.read(scale.words(value)) == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize("scale", SCALES)
def test_that_the_ends_of_the_slider_are_the_ends_of_the_range(scale):
    assert scale.value(0) == pytest.approx(scale.low)
    assert scale.value(scale.positions) == pytest.approx(scale.high)
    assert scale.position(scale.low - 1) == 0
    assert scale.position(scale.high + 1) == scale.positions


def test_that_a_linear_slider_stops_at_every_step():
    scale = Scale(0.0, 5.0, step=0.05)
    assert [scale.value(i) for i in range(4)] == [0.0, 0.05, 0.1, 0.15]


def test_that_a_typed_number_goes_beyond_the_slider_but_not_beyond_the_bounds():
    scale = Scale(1, 500, log=True, integer=True, least=1, most=2000)
    assert scale.bounded(scale.read("1,500")) == 1500
    assert scale.bounded(scale.read("9999")) == 2000
    assert scale.bounded(scale.read("\u22125")) == 1
    assert scale.span() == "1 to 2,000"
    assert Scale(0.0, 5.0).bounded(7) == 5.0
