"""The laws of a normal as a hand holds it: its ellipse, its tips, its neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.document.specs.distribution import Component, GaussianMixtureSpec
from fmstudio.studio import mixtures
from fmstudio.studio.mixtures import REACH, TIPS, Chosen, Handles, Hold, Shape, cov_of, hold_at, shape_of

lengths = st.floats(0.05, 5.0)
angles = st.floats(-math.pi / 2, math.pi / 2)
shapes = st.builds(Shape, lengths, lengths, angles)


@given(shapes, shapes)
def test_that_a_shape_is_its_covariance_however_it_is_told(shape, like):
    np.testing.assert_allclose(cov_of(shape_of(cov_of(shape), like)), cov_of(shape), rtol=1e-6, atol=1e-9)


@given(shapes)
def test_that_a_shape_told_like_itself_is_told_the_same(shape):
    told = shape_of(cov_of(shape), shape)
    assert (told.first, told.second) == pytest.approx((shape.first, shape.second), rel=1e-5)
    if abs(shape.first - shape.second) > 1e-3:
        assert abs(told.angle) == pytest.approx(abs(shape.angle), abs=1e-3)


@given(shapes, st.integers(0, TIPS - 1))
def test_that_a_tip_is_two_deviations_from_the_mean_along_its_axis(shape, tip):
    mean = (0.3, -0.7)
    arm = np.subtract(shape.tips(mean)[tip], mean)
    xx, xy, yy = cov_of(shape)
    precision = np.linalg.inv([[xx, xy], [xy, yy]])
    assert math.sqrt(arm @ precision @ arm) == pytest.approx(REACH, rel=1e-4)


@given(shapes, st.integers(0, TIPS - 1), st.floats(0.3, 4.0), st.floats(-3.1, 3.1))
def test_that_a_dragged_tip_is_where_it_was_dragged_and_the_other_axis_keeps_its_length(
    shape, tip, far, heading
):
    arm = (far * math.cos(heading), far * math.sin(heading))
    after = shape.with_tip(tip, arm)
    assert after.tips((0.0, 0.0))[tip] == pytest.approx(arm, abs=1e-6)
    kept = (after.first, shape.first) if tip % 2 else (after.second, shape.second)
    assert kept[0] == pytest.approx(kept[1])


def test_that_no_drag_makes_a_normal_that_is_none():
    flat = mixtures.shaped(Component(mean=(0, 0)), Shape(0.0, 1e9, 0.2))
    assert Component.model_validate(flat.model_dump()) == flat
    assert mixtures.weighing(flat, -1.0).weight > 0
    assert np.isfinite(mixtures.moved(flat, (1e300, -1e300)).mean).all()


def test_that_one_more_is_like_the_one_it_was_made_of_and_the_last_stays():
    mixture = GaussianMixtureSpec()
    more = mixtures.with_another(mixture, 1, (0.5, 0.5))
    assert more.components[:3] == mixture.components
    assert more.components[3] == mixture.components[1].model_copy(update={"mean": (0.5, 0.5)})
    assert mixtures.without(more, 3) == mixture
    for _ in range(5):
        mixture = mixtures.without(mixture, 0)
    assert len(mixture.components) == 1


def test_that_the_nearest_mean_is_held_but_the_chosen_ones_tips_come_first():
    mixture = GaussianMixtureSpec(components=(Component(mean=(0, 0)), Component(mean=(0.4, 0.0))))
    ends = {"target": mixture}
    assert hold_at(ends, Handles(), (0.3, 0.0), 0.15) == Hold(Chosen("target", 1))
    assert hold_at(ends, Handles(), (0.2, 0.5), 0.15) is None
    held = Handles(chosen=Chosen("target", 0))
    assert hold_at(ends, held, (0.42, 0.0), 0.1) == Hold(Chosen("target", 0), 0)
