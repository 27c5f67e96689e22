"""A distance beside its floor: never a figure that reads as impossible."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fmstudio.studio.measures import distance_in_full, distance_words, is_chance
from fmstudio.studio.written import figure


@given(st.floats(1e-30, 1e30), st.floats(1e-30, 1e30))
def test_that_a_distance_below_its_floor_is_never_told_as_a_figure_beside_it(w2: float, floor: float) -> None:
    words = distance_words(w2, floor)
    assert (words == "within sampling noise") is is_chance(w2, floor)
    assert w2 > floor or is_chance(w2, floor)
    assert figure(w2) in distance_in_full(w2, floor)
    assert figure(floor) in distance_in_full(w2, floor)


def test_that_what_is_clearly_above_the_floor_is_told_with_it() -> None:
    assert distance_words(0.491, 0.164) == "0.491 (floor 0.164)"
    assert distance_words(0.150, 0.164) == "within sampling noise"
