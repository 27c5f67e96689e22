"""Curves drawn by hand: whatever is done to their handles, the document takes them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.document.specs.dynamics import SDESpec, SigmaProfile
from fmstudio.document.specs.hermite import MOST_HANDLES
from fmstudio.document.specs.path import PATHS, ScheduleSpec, SplineSpec
from fmstudio.studio import curve_editing
from fmstudio.studio.curve_editing import Handles, Knob

Act = tuple[str, int, int, float, float]
numbers = st.floats(-3, 4)
names, indices, curves = st.sampled_from(["move", "add", "remove"]), st.integers(0, 20), st.integers(0, 1)
acts = st.lists(st.tuples(names, indices, curves, numbers, numbers), max_size=25)


def after(handles: Handles, steps: list[Act], curves: int) -> Handles:
    bounds = curve_editing.monotone if curves == 2 else curve_editing.free
    for act, number, curve, t, value in steps:
        index = number % len(handles)
        if act == "move":
            handles = curve_editing.moved(handles, Knob(index, curve % curves), t, value, bounds)
        elif act == "add":
            handles = curve_editing.added(handles, min(max(t, 0.0), 1.0))
        else:
            handles = curve_editing.removed(handles, index)
    return handles


@given(steps=acts)
def test_that_a_path_stays_one_whatever_its_handles_do(
    steps: list[Act],
) -> None:
    handles = after(SplineSpec().handles, steps, 2)
    alpha, beta = SplineSpec(handles=handles).curves(np.linspace(0, 1, 501))  # type: ignore[arg-type]
    assert (np.diff(alpha) >= -1e-12).all()
    assert (np.diff(beta) <= 1e-12).all()
    assert (alpha[0], alpha[-1], beta[0], beta[-1]) == (0, 1, 1, 0)
    assert len(handles) <= MOST_HANDLES


@given(steps=acts)
def test_that_a_noise_stays_one_whatever_its_handles_do(
    steps: list[Act],
) -> None:
    handles = after(SDESpec().shape, steps, 1)
    spec = SDESpec(profile=SigmaProfile.DRAWN, shape=handles)  # type: ignore[arg-type]
    t = np.linspace(0, 1, 501)
    shares = spec.shares(1 - t, t)
    assert (shares >= 0).all()
    assert (shares <= 1 + 1e-12).all()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.title)
def test_that_a_path_by_hand_begins_like_any_other(path: type[ScheduleSpec]) -> None:
    spec, t = path(), np.linspace(0, 1, 101)
    alpha, beta = spec.curves(t)
    drawn_alpha, drawn_beta = curve_editing.spline_like(spec).curves(t)
    rise = (alpha - alpha[0]) / (alpha[-1] - alpha[0]) if alpha[-1] > alpha[0] else t
    assert np.abs(drawn_alpha - rise).max() < 0.05
    assert np.abs(drawn_beta - (beta - beta[-1]) / (beta[0] - beta[-1])).max() < 0.15


def test_that_a_new_handle_lies_on_the_curves() -> None:
    before = SplineSpec()
    spec = SplineSpec(handles=curve_editing.added(before.handles, 0.5))  # type: ignore[arg-type]
    for one, other in zip(before.curves(np.array([0.5])), spec.curves(np.array([0.5])), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("shape", curve_editing.SHAPES)
def test_that_each_shape_to_begin_with_is_one(shape: str) -> None:
    handles = curve_editing.SHAPES[shape].handles
    assert SDESpec(shape=handles).shape == handles
