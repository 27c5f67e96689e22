"""RealNVP as a motion: its closed form, its drift and its inverse agree."""

import pytest
import torch

from fmstudio.flows.learning.realnvp import RealNVP
from fmstudio.flows.motion.linear import BrownianMotion
from fmstudio.flows.motion.realnvp_dynamics import LayerSolver, RealNVPDynamics
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Euler


@pytest.fixture
def flow() -> RealNVP:
    """With weights that bend, in float64."""
    generator = torch.Generator().manual_seed(1)
    made = RealNVP(8, 4, generator)
    made.flat = (made.flat + 0.3 * torch.randn(made.flat.shape, generator=generator)).double()
    made.flat[2:4] = torch.tensor([2.0, 0.7])
    return made


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(40, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("steps", [1, 5, 37])
def test_that_any_number_of_steps_ends_at_the_flow_itself(flow, x, steps):
    *_, end = simulate(RealNVPDynamics(flow), LayerSolver(), x, [k / steps for k in range(steps + 1)])
    torch.testing.assert_close(end, flow.forward(x).x, rtol=0, atol=1e-9)


def test_that_the_states_at_whole_stages_are_the_layers(flow, x):
    walked = list(
        simulate(RealNVPDynamics(flow), LayerSolver(), x, [k / flow.stages for k in range(flow.stages + 1)])
    )
    for state, layer in zip(walked, flow.layers(x), strict=True):
        torch.testing.assert_close(state, layer.x, rtol=0, atol=1e-9)


def test_that_the_walk_backward_undoes_the_walk(flow, x):
    walk = RealNVPDynamics(flow)
    torch.testing.assert_close(walk.transport(walk.transport(x, 0.0, 0.77), 0.77, 0.0), x, rtol=0, atol=1e-8)


def test_that_the_drift_is_the_speed_of_the_walk(flow, x):
    walk = RealNVPDynamics(flow)
    for t in (0.07, 0.33, 0.9):
        here, h = walk.transport(x, 0.0, t), 1e-5
        speed = (walk.transport(here, t, t + h) - here) / h
        torch.testing.assert_close(walk.drift(here, t), speed, rtol=1e-6, atol=1e-6)


def test_that_an_ordinary_solver_finds_the_same_end(flow, x):
    steps = flow.stages
    times = [k / steps for k in range(steps + 1)]
    *_, straight = simulate(RealNVPDynamics(flow), Euler(), x, times)
    torch.testing.assert_close(straight, flow.forward(x).x, rtol=0, atol=1e-9)


def test_that_the_solver_of_layers_refuses_anything_else(x):
    with pytest.raises(TypeError, match="RealNVPDynamics"):
        LayerSolver().step(BrownianMotion(), x, 0.0, 0.1, None)
