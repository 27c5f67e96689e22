from __future__ import annotations

import numpy as np
import pytest
import torch

from fmstudio.document.specs.path import PATHS, FMOTSpec, PolynomialSpec, VESpec, VPSpec
from fmstudio.engine.worker import build

VARIANTS = (
    FMOTSpec(sigma_min=0.4),
    VPSpec(beta_min=1, beta_max=5),
    VESpec(sigma_max=2),
    PolynomialSpec(n=0.5),
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
