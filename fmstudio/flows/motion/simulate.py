"""Running a solver over a grid of times.

Noise is frozen: the draw of particle i in step k depends on the run's seed, i and k alone - not on sigma,
not on how many particles there are, not on the solver, not on threads. Changing sigma deforms the same path.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.motion.dynamics import Dynamics
from fmstudio.flows.motion.solvers import Solver
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.schedules import Schedule

TILE = 4096
"""Particles that are pushed between two chances to leave a step."""

_LONG_TILE = 32 * TILE
"""The same where nobody wants to leave a step: what it costs apart from its particles is paid less often."""

_CHUNK = 4096
"""Starting points that are drawn at once."""

_BLOCK = 16
"""torch draws normals in blocks of 16; whole blocks make longer draws begin with the shorter ones."""


@final
class FrozenNoise:
    """Standard normals by step, reproducible in any order. One number of ``generator`` seeds them all."""

    def __init__(self, generator: torch.Generator) -> None:
        device = generator.device
        self._seed = int(torch.randint(2**62, (1,), generator=generator, device=device).item())
        self._device = device

    def draw(self, step: int, n: int, columns: int, d: int) -> Tensor:
        """(n, columns) float32: the first d columns are the same whether or not further ones are asked."""
        shared = self._normals(step, 0, n * min(columns, d)).view(n, min(columns, d))
        if columns <= d:
            return shared
        return torch.cat([shared, self._normals(step, 1, n * (columns - d)).view(n, columns - d)], dim=1)

    def _normals(self, step: int, channel: int, count: int) -> Tensor:
        generator = torch.Generator(self._device).manual_seed((self._seed + 2 * step + channel) % 2**63)
        whole = max(_BLOCK, -(-count // _BLOCK) * _BLOCK)
        return torch.randn(whole, generator=generator, device=self._device)[:count]


def starting_points(
    source: Distribution, schedule: Schedule | None, n: int, generator: torch.Generator
) -> Tensor:
    """beta_0 x_0, (n, 2), where a simulation starts (x_0 itself without a schedule). Drawn in whole chunks,
    so that more points of a seed begin with the fewer. Raises ValueError for n < 1."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    chunks = [source.sample(_CHUNK, generator) for _ in range(-(-n // _CHUNK))]
    scale = 1.0 if schedule is None else schedule.source_scale
    return torch.cat(chunks)[:n] * scale


def simulate(
    dynamics: Dynamics,
    solver: Solver,
    x_0: Tensor,
    times: Sequence[float] | Tensor,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """The state at each time, (n, d); the first is x_0. n steps give n + 1 states.

    Raises ValueError, at the call, for times that do not run one way, an ODE solver on an SDE, an SDE solver
    without generator, an SDE backward in time, or x_0 that is not (n, d) with n >= 1.
    """
    tiles = simulate_in_tiles(dynamics, solver, x_0, times, generator, tile=_LONG_TILE)
    return (state for state in tiles if state is not None)


def simulate_in_tiles(
    dynamics: Dynamics,
    solver: Solver,
    x_0: Tensor,
    times: Sequence[float] | Tensor,
    generator: torch.Generator | None = None,
    tile: int = TILE,
) -> Iterator[Tensor | None]:
    """As ``simulate``, with None after each tile of a step but the last: there, the step of a big crowd may
    be left and taken up again."""
    grid = [float(t) for t in times]
    _check(dynamics, solver, x_0, grid, generator)
    noise = FrozenNoise(generator) if generator is not None and solver.is_stochastic else None
    return _states(dynamics, solver, x_0, grid, noise, tile)


def _states(
    dynamics: Dynamics, solver: Solver, x: Tensor, grid: list[float], noise: FrozenNoise | None, tile: int
) -> Iterator[Tensor | None]:
    yield x
    d = x.shape[1]
    for k, (t, after) in enumerate(itertools.pairwise(grid)):
        draws = None if noise is None else noise.draw(k, len(x), solver.noise_columns(d), d).to(x)
        moved = torch.empty_like(x)
        under_way, start, length = dynamics.stride(t, after)
        for first in range(0, len(x), tile):
            if first > 0:
                yield None
            rows = slice(first, first + tile)
            with torch.no_grad():
                moved[rows] = solver.advance(
                    under_way, x[rows], start, length, None if draws is None else draws[rows]
                )
        x = moved
        yield x


def _check(
    dynamics: Dynamics, solver: Solver, x_0: Tensor, grid: list[float], generator: torch.Generator | None
) -> None:
    if x_0.ndim != 2 or len(x_0) == 0:
        raise ValueError(f"x_0 must have shape (n, d) with n of at least 1, got {tuple(x_0.shape)}")
    steps = [after - before for before, after in itertools.pairwise(grid)]
    forward, backward = all(dt > 0 for dt in steps), all(dt < 0 for dt in steps)
    if not steps or not (forward or backward):
        raise ValueError(f"times must hold at least two values that rise (or fall) strictly, got {grid[:5]}")
    if dynamics.is_stochastic and not solver.is_stochastic:
        raise ValueError(
            f"{solver.name} solves ODEs, {type(dynamics).__name__} is an SDE: take euler-maruyama"
        )
    if solver.is_stochastic and backward:
        raise ValueError(f"{solver.name} runs forward in time only, got times from {grid[0]} to {grid[-1]}")
    if solver.is_stochastic and generator is None:
        raise ValueError(f"{solver.name} draws noise: pass a torch.Generator")
