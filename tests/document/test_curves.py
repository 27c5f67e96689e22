from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from fmstudio.document.specs.dynamics import SDESpec, SigmaProfile
from fmstudio.document.specs.path import PATHS, FMOTSpec, PolynomialSpec, SplineSpec, VESpec, VPSpec
from fmstudio.engine.worker import build, motions

VARIANTS = (
    FMOTSpec(sigma_min=0.4),
    VPSpec(beta_min=1, beta_max=5),
    VESpec(sigma_max=2),
    PolynomialSpec(n=0.5),
    SplineSpec(handles=((0, 0, 1), (1, 1, 0))),
    SplineSpec(handles=((0, 0, 1), (0.1, 0, 0.4), (0.5, 0.7, 0.4), (0.51, 0.9, 0.2), (1, 1, 0))),
)


@pytest.mark.parametrize("path", [*(spec() for spec in PATHS), *VARIANTS], ids=repr)
def test_that_the_curve_of_a_path_is_its_schedule(path):
    times = np.linspace(0, 1, 41)
    schedule = build.schedule(path)
    alpha, beta = path.curves(times)
    exact = torch.as_tensor(times, dtype=torch.float64)
    np.testing.assert_allclose(alpha, schedule.alpha(exact).numpy(), atol=1e-12)
    np.testing.assert_allclose(beta, schedule.beta(exact).numpy(), atol=1e-9)


def test_that_one_moment_gives_two_numbers():
    alpha, beta = PATHS[0]().curves(0.25)
    assert (float(alpha), float(beta)) == (0.25, 0.75)


SHAPES = (
    ((0.0, 1.0), (1.0, 1.0)),
    ((0.0, 0.0), (0.2, 1.0), (0.45, 0.0), (0.75, 1.0), (1.0, 0.3)),
)


@pytest.mark.parametrize("shape", SHAPES)
def test_that_a_drawn_noise_is_the_one_that_runs(shape):
    t = np.linspace(0, 1, 101)
    spec = SDESpec(sigma=1.5, profile=SigmaProfile.DRAWN, shape=shape)
    sigma = motions._sigma(spec, build.schedule(PATHS[0]()))
    np.testing.assert_allclose(1.5 * spec.shares(1 - t, t), sigma(torch.as_tensor(t)).numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("handles", "sentence"),
    [
        (((0, 0, 1),), "2 to 12 handles, got 1"),
        (((0, 0, 1), (0.5, 0.6, 0.5), (0.4, 0.7, 0.4), (1, 1, 0)), "in order"),
        (((0, 0.1, 1), (1, 1, 0)), "begin at α = 0, β = 1"),
        (((0, 0, 1), (0.5, 0.6, 0.5), (0.6, 0.5, 0.4), (1, 1, 0)), "α does not fall"),
        (((0, 0, 1), (0.9, 1, 0)), "from t = 0 to t = 1"),
    ],
)
def test_that_handles_of_no_path_are_one_sentence(handles, sentence):
    with pytest.raises(ValidationError, match=sentence):
        SplineSpec(handles=handles)


def test_that_a_share_of_noise_outside_its_range_is_one_sentence():
    with pytest.raises(ValidationError, match=r"shares of σ lie in \[0, 1\], got 1.5"):
        SDESpec(shape=((0.0, 1.5), (1.0, 0.0)))
