"""The peers of the engine's rows, used as their own examples use them. Each function imports its library.

torchcfm and the rest come with ``pip install .[bench]``; the bound on torch in fmstudio's own requirements
keeps pip from fetching another torch with them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from fmstudio.flows.paths.distributions import Lattice

INSTALL = "pip install '.[bench]'"

Work = Callable[[], Any]


def is_there(*libraries: str) -> bool:
    return all(find_spec(library) is not None for library in libraries)


def time_network(width: int) -> torch.nn.Module:
    """torchcfm's velocity network: three hidden layers of SELU on (x, t)."""
    from torchcfm.models.models import MLP

    network: torch.nn.Module = MLP(dim=2, w=width, time_varying=True)
    return network


def toy_loop(width: int, batch: int, exact_ot: bool) -> Work:
    """One step of torchcfm's two-dimensional tutorial: eight Gaussians to moons, Adam, sigma = 0.1."""
    from torchcfm.conditional_flow_matching import (
        ConditionalFlowMatcher,
        ExactOptimalTransportConditionalFlowMatcher,
    )
    from torchcfm.utils import sample_8gaussians, sample_moons

    network = time_network(width)
    optimiser = torch.optim.Adam(network.parameters())
    matcher = (ExactOptimalTransportConditionalFlowMatcher if exact_ot else ConditionalFlowMatcher)(sigma=0.1)

    def step() -> None:
        x_0, x_1 = sample_8gaussians(batch), sample_moons(batch)
        t, x_t, target = matcher.sample_location_and_conditional_flow(x_0, x_1)
        loss = (network(torch.cat([x_t, t[:, None]], 1)) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def _velocity(network: torch.nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    def velocity(t: Tensor, x: Tensor) -> Tensor:
        answer: Tensor = network(torch.cat([x, t.expand(len(x), 1)], 1))
        return answer

    return velocity


def plain_velocity(width: int) -> Callable[[Tensor, Tensor], Tensor]:
    """(t, x) -> v of a network like torchcfm's, which needs no gradient for x."""
    layers: list[torch.nn.Module] = []
    sizes = [3, width, width, width]
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.SELU()]
    return _velocity(torch.nn.Sequential(*layers, torch.nn.Linear(width, 2)))


def torchdiffeq_euler(width: int, x: Tensor, steps: int) -> Work:
    """``odeint`` to t = 1, keeping the ends alone."""
    from torchdiffeq import odeint

    velocity, ends = plain_velocity(width), torch.tensor([0.0, 1.0])

    def run() -> None:
        with torch.no_grad():
            odeint(velocity, x, ends, method="euler", options={"step_size": 1 / steps})

    return run


def torchsde_euler(width: int, x: Tensor, steps: int, sigma: float) -> Work:
    """``sdeint`` of the SDE extension with constant sigma, keeping the ends alone."""
    import torchsde

    velocity = plain_velocity(width)

    class Extension(torch.nn.Module):
        noise_type, sde_type = "diagonal", "ito"

        def f(self, t: Tensor, y: Tensor) -> Tensor:
            v = velocity(t, y)
            score = (t * v - y) / (1 - t).clamp_min(1e-3)
            return v + sigma**2 / 2 * score

        def g(self, _t: Tensor, y: Tensor) -> Tensor:
            return torch.full_like(y, sigma)

    extension, ends = Extension(), torch.tensor([0.0, 1.0])

    def run() -> None:
        with torch.no_grad():
            torchsde.sdeint(extension, x, ends, dt=1 / steps, method="euler")

    return run


def flow_matching_likelihood(width: int, x: Tensor, steps: int) -> Work:
    """``ODESolver.compute_likelihood`` with the exact divergence, by the midpoint rule."""
    from flow_matching.solver import ODESolver
    from flow_matching.utils import ModelWrapper

    velocity = plain_velocity(width)

    class Wrapped(ModelWrapper):  # type: ignore[misc]
        def forward(self, x: Tensor, t: Tensor, **_: Any) -> Tensor:
            return velocity(t, x)

    solver = ODESolver(velocity_model=Wrapped(torch.nn.Identity()))

    def log_p_0(y: Tensor) -> Tensor:
        return -y.square().sum(1) / 2

    def run() -> None:
        solver.compute_likelihood(
            x_1=x.clone(), log_p0=log_p_0, step_size=1 / steps, method="midpoint", exact_divergence=True
        )

    return run


def broadcast_field(points: Tensor, cloud: Tensor, width: float, t: float) -> Work:
    """The marginal field of a cloud as it is usually written: one (n, N, 2) difference, a softmax, a sum."""
    alpha, beta = t, 1 - t
    variance = alpha**2 * width**2 + beta**2
    kappa = (alpha * width**2 - beta) / variance

    def run() -> Tensor:
        gap = points[:, None] - alpha * cloud
        weight = torch.softmax(gap.square().sum(-1) / (-2 * variance), 1)
        mean = weight @ cloud
        return mean + kappa * (points - alpha * mean)

    return run


def direct_lattice_field(points: Tensor, mass: Tensor, centres: Tensor, t: float, rows: int = 500) -> Work:
    """The same over the cells of a raster, ``rows`` points at a time, that is 1/20 of the memory at once."""
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    cells, cell = torch.stack([x.flatten(), y.flatten()], 1), float(centres[1] - centres[0])
    log_mass = mass.flatten().log()
    alpha, beta = t, 1 - t
    variance = alpha**2 * cell**2 + beta**2
    kappa = (alpha * cell**2 - beta) / variance

    def run() -> Tensor:
        means = []
        for part in torch.split(points, rows):
            squares = (part[:, None] - alpha * cells).square().sum(-1)
            means.append(torch.softmax(squares / (-2 * variance) + log_mass, 1) @ cells)
        mean = torch.cat(means)
        return mean + kappa * (points - alpha * mean)

    return run


def pot_sinkhorn(source: Lattice, target: Lattice, sigma: float) -> Work:
    """``sinkhorn`` between the inked cells of two drawings, the array of their costs included."""
    import ot

    (x, p), (z, q) = (_inked(end) for end in (source, target))

    def run() -> Any:
        return ot.sinkhorn(p, q, ot.dist(x, z), 2 * sigma**2, stopThr=1e-6, numItermax=10_000)

    return run


def _inked(drawing: Lattice) -> tuple[Any, Any]:
    """Places (n, 2) and masses (n,) of the cells of a drawing that are not empty, as arrays."""
    row, column = (drawing.mass > 0).nonzero().unbind(1)
    mass = drawing.mass[row, column].double()
    places = torch.stack([drawing.centres[column], drawing.centres[row]], 1).double()
    return places.numpy(), (mass / mass.sum()).numpy()


def ott_sinkhorn(source: Lattice, target: Lattice, sigma: float) -> Work:
    """The same on the whole grid, whose kernel separates, in double precision; compiled."""
    import jax
    from ott.geometry.grid import Grid
    from ott.problems.linear.linear_problem import LinearProblem
    from ott.solvers.linear.sinkhorn import Sinkhorn

    jax.config.update("jax_enable_x64", True)
    axis = source.centres.double().numpy()
    p, q = ((end.mass.double() / end.mass.double().sum()).flatten().numpy() for end in (source, target))

    def solved(p: Any, q: Any) -> Any:
        problem = LinearProblem(Grid(x=[axis, axis], epsilon=2 * sigma**2), a=p, b=q)
        return Sinkhorn(threshold=1e-6, lse_mode=False, max_iterations=10_000)(problem).f

    compiled = jax.jit(solved)
    return lambda: compiled(p, q).block_until_ready()
