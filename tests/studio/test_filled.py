"""The equation with the numbers of a place: they are those of the answer, and make up the drift."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import FiveModesSpec, StandardNormalSpec
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.engine.messages import ProbeRequest, TrajectoriesRequest
from fmstudio.studio.filled import filled

VALUES = np.full((25, 13), np.nan, np.float32)
VALUES[0] = (0.1, 1.0, 2.0, 0.5, -0.5, 0.0, 1.0, 1.0, 1.25, 1.75, 0.25, 0.75, 1.0)


def told(dynamics: m.DynamicsSpec, values=VALUES) -> str:
    problem = Problem(StandardNormalSpec(), FiveModesSpec(), CondOTSpec())
    asked = ProbeRequest(TrajectoriesRequest(problem, dynamics, m.SimulationSpec()), (0.5, 0.25), 0.25)
    return re.sub(r"<(?!br)[^>]*>", "", filled(asked, values)).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("dynamics", "line"),
    [
        (m.ODESpec(), "dXt = (1.25, 1.75) dt"),
        (m.SDESpec(), "dXt = ((1.00, 2.00) + ½ · 1.002 (0.50, -0.50)) dt + 1.00 dWt"),
        (m.LangevinSpec(), "dXt = ½ · 1.002 (0.50, -0.50) dt + 1.00 dWt"),
        (m.BrownianMotionSpec(), "dXt = (1.25, 1.75) dt + 1.00 dWt"),
        (m.InterpolantSpec(), "ut(x) = (1.00, 2.00)"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_that_each_motion_is_filled_in_its_own_way(dynamics, line):
    assert told(dynamics).split("<br>")[-1] == line


def test_that_the_place_and_the_scales_are_told_where_they_are_known():
    lines = told(m.ODESpec()).split("<br>")
    assert lines[:2] == ["At x = (0.50, 0.25), t = 0.25:", "xt = 0.250 z + 0.750 x0"]
    bridged = VALUES.copy()
    bridged[0, 10:12] = np.nan
    assert len(told(m.ODESpec(), bridged).split("<br>")) == 2
