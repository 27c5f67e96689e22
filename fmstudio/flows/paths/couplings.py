"""Couplings: which source point travels to which target point of a batch.

Each answers with a permutation of the batch, so both marginals are kept exactly (Liao et al. 2024; Tong et
al. 2023).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_SHARPEST = 5e-3
"""Of the mean cost: alternate scaling takes thousands of rounds below, and the plan is next to exact OT."""

_EMD_FROM = 512
"""The batch size from which POT's network simplex is faster than scipy's assignment."""


class Coupling(ABC):
    """Pairs a batch of sources (n, d) with a batch of targets (n, d)."""

    @abstractmethod
    def permutation(self, x_0: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        """(n,) integers: x_0[i] travels to z[permutation[i]]."""

    def pair(self, x_0: Tensor, z: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(x_0, z[permutation]). Raises ValueError unless both batches have the same shape (n, d), n >= 1."""
        if x_0.shape != z.shape or x_0.ndim != 2 or len(x_0) < 1:
            raise ValueError(
                f"x_0 and z must have the same shape (n, d), got {tuple(x_0.shape)} and {tuple(z.shape)}"
            )
        return x_0, z[self.permutation(x_0, z, generator)]


@final
@dataclass(frozen=True)
class Independent(Coupling):
    """As drawn: the product of the marginals."""

    def permutation(self, x_0: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        del z, generator
        return torch.arange(len(x_0), device=x_0.device)

    def pair(self, x_0: Tensor, z: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        del generator
        return x_0, z


@final
@dataclass(frozen=True)
class ExactOT(Coupling):
    """The permutation of least sum |x_0 - z|^2 within the batch (Tong et al. 2023; Liao et al. 2024."""

    def permutation(self, x_0: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        del generator
        cost = squared_distances(x_0, z)
        best = _assignment(cost) if len(cost) < _EMD_FROM else _network_simplex(cost)
        return torch.as_tensor(best, dtype=torch.int64, device=z.device)


@final
@dataclass(frozen=True)
class Sinkhorn(Coupling):
    """A permutation drawn from the entropic plan: row by row, without replacement (Tong et al. 2023; Liao et
    al. 2024.

    ``regularisation`` is relative to the mean cost of the batch, or in ``absolute`` terms 2 sigma^2 for the
    pairs of a Schroedinger bridge. Towards 0 the plan is exact OT (which is taken below a two-hundredth of
    the mean cost), towards infinity the independent coupling. Drawing without replacement keeps both
    marginals exactly.
    """

    regularisation: float = 0.05
    iterations: int = 100
    absolute: bool = False

    def __post_init__(self) -> None:
        if not self.regularisation > 0:
            raise ValueError(f"regularisation must be positive, got {self.regularisation}")
        if self.iterations < 1:
            raise ValueError(f"iterations must be at least 1, got {self.iterations}")

    def log_plan(self, x_0: Tensor, z: Tensor) -> Tensor:
        """(n, n) log of the entropic plan, columns summing to 1/n, by alternate scaling."""
        cost = torch.as_tensor(squared_distances(x_0, z))
        unit = 1.0 if self.absolute else cost.mean().clamp(min=1e-12)
        log_kernel = -cost / (self.regularisation * unit)
        rows = _row_factors(log_kernel, self.iterations)
        columns = -torch.logsumexp(log_kernel + rows[:, None], 0)
        return log_kernel + rows[:, None] + columns - math.log(len(cost))

    def permutation(self, x_0: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        cost = squared_distances(x_0, z)
        if self.regularisation * (1 if self.absolute else cost.mean()) < _SHARPEST * cost.mean():
            return ExactOT().permutation(x_0, z, generator)
        plan = self.log_plan(x_0, z).exp().numpy()
        n = len(plan)
        order = torch.randperm(n, generator=generator, device=generator.device).cpu().numpy()
        u = torch.rand(n, generator=generator, device=generator.device, dtype=torch.float64).cpu().numpy()
        return torch.as_tensor(_draw_without_replacement(plan, order, u), device=z.device)


COUPLINGS: dict[str, type[Coupling]] = {"independent": Independent, "ot": ExactOT, "sinkhorn": Sinkhorn}


def _row_factors(log_kernel: Tensor, iterations: int) -> Tensor:
    """(n,) log of the rows' factors after alternate scaling. Each row and column is first brought to a
    largest entry of 1: what then underflows is no partner of anybody. In the log domain, which takes fifty
    times as long, only where that is not enough."""
    most = log_kernel.amax(1)
    balanced = log_kernel - most[:, None]
    balanced = balanced - balanced.amax(0)
    rows = _scaled(balanced, iterations) - most
    return rows if bool(rows.isfinite().all()) else _log_scaled(log_kernel, iterations)


def _scaled(log_kernel: Tensor, iterations: int) -> Tensor:
    """(n,) log of the rows' factors after alternate scaling: products of the kernel with a vector."""
    kernel = log_kernel.exp()
    rows = torch.ones_like(kernel[:, 0])
    for _ in range(iterations):
        rows = 1 / torch.mv(kernel, 1 / torch.mv(kernel.T, rows))
    return rows.log()


def _log_scaled(log_kernel: Tensor, iterations: int) -> Tensor:
    """The same in the log domain, for kernels that underflow."""
    rows = torch.zeros_like(log_kernel[:, 0])
    for _ in range(iterations):
        columns = -torch.logsumexp(log_kernel + rows[:, None], 0)
        rows = -torch.logsumexp(log_kernel + columns, 1)
    return rows


def squared_distances(x: Tensor, y: Tensor) -> npt.NDArray[np.float64]:
    """|x_i - y_j|^2, (n, m), float64, on the host: where the assignment solvers work."""
    a, b = x.detach().double().cpu(), y.detach().double().cpu()
    return np.asarray((a[:, None] - b).square().sum(-1).numpy(), dtype=np.float64)


def _assignment(cost: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(cost)[1])


def _network_simplex(cost: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """POT's plan between equal weights is a vertex of the Birkhoff polytope: a permutation."""
    import ot

    weights = np.full(len(cost), 1 / len(cost))
    plan = ot.emd(weights, weights, cost, numItermax=10_000_000)
    best = np.asarray(plan.argmax(1))
    return best if len(np.unique(best)) == len(best) else _assignment(cost)


def _draw_without_replacement(
    plan: npt.NDArray[np.float64], order: npt.NDArray[Any], u: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    chosen = np.empty(len(plan), np.int64)
    free = np.ones(len(plan))
    for row, level in zip(order, u, strict=True):
        mass = np.cumsum(plan[row] * free)
        if mass[-1] <= 0:  # every likely partner is taken: any free one will do
            mass = np.cumsum(free)
        chosen[row] = min(int(np.searchsorted(mass, level * mass[-1], side="right")), len(plan) - 1)
        free[chosen[row]] = 0
    return chosen
