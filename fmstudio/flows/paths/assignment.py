"""Exact assignment for many batches of the same two laws, started warm.

Subtracting potentials u_i + v_j from a cost matrix leaves the best permutation as it is, but where they are
close to the dual optimum nearly all of the work is done. Batches of the same source and target have nearly
the same potentials: those of one reference batch are carried over by a c-transform and fitted to the batch by
some rounds of entropic scaling, a matrix-vector product each. The search then takes a fifth of its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fmstudio.flows.paths.couplings import squared_distances

ROUNDS = 30
"""Of the scaling: fewer leave more to the search, more cost what they spare. The permutation is the same."""
TEMPERATURE = 0.02
"""Of the entropic scaling, relative to the sum of both batches' variances."""
_COLDEST = -40.0
"""Lower exponents weigh nothing; exponentials that underflow are ten times slower."""

Found = Future[npt.NDArray[np.intp]]


@final
class WarmAssignment:
    """Permutations of least sum |x_0 - z|^2. Holds the potentials of a reference batch, nothing else."""

    def __init__(self, x_0: Tensor, z: Tensor) -> None:
        """From a reference batch (n, d) each; n about 500 serves batches of any size."""
        import ot

        weights = np.full(len(x_0), 1 / len(x_0))
        _, log = ot.emd(weights, weights, squared_distances(x_0, z), numItermax=10_000_000, log=True)
        self._x = x_0.detach().float().cpu()
        self._level = self._x.square().sum(1) - torch.as_tensor(log["u"], dtype=torch.float32)

    def permutations(self, x_0: Sequence[Tensor], z: Sequence[Tensor], pool: Executor) -> list[Found]:
        """For each batch, to be asked for later, (n,) integers: x_0[i] travels to z[permutation[i]]. The
        searches, free of the interpreter's lock, run in ``pool``; what prepares them runs here, since small
        operations of two threads would keep the lock from each other."""
        return [pool.submit(_search, self._reduced(a, b)) for a, b in zip(x_0, z, strict=True)]

    def _reduced(self, x_0: Tensor, z: Tensor) -> npt.NDArray[np.float64]:
        """(n, n) the cost less potentials: not negative, and close to 0 along the best permutation."""
        x, y = x_0.detach().float().cpu(), z.detach().float().cpu()
        # |x|^2 and |z|^2 are potentials themselves: what is left of the cost is -2 x.z.
        carried = torch.addmm(self._level[None, :], y, self._x.t(), alpha=-2).amin(1)
        reduced = torch.addmm(-carried, x, y.t(), alpha=-2)
        reduced -= reduced.amin(1, keepdim=True)
        reduced -= _entropic_potential(reduced, TEMPERATURE * float(x.var(0).sum() + y.var(0).sum()))
        reduced -= reduced.amin(1, keepdim=True)
        reduced -= reduced.amin(0, keepdim=True)
        return np.asarray(reduced.double().numpy())


def _search(cost: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """The column of each row, of least sum."""
    from scipy.optimize import linear_sum_assignment

    columns: npt.NDArray[np.intp] = linear_sum_assignment(cost)[1]
    return columns


def _entropic_potential(cost: Tensor, temperature: float) -> Tensor:
    """(n,) potential of the columns of a ``cost`` whose rows have their least value at 0, by Sinkhorn."""
    kernel = (cost / -max(temperature, 1e-12)).clamp_min_(_COLDEST).exp_()
    columns = torch.ones_like(cost[0])
    rows = torch.empty_like(columns)
    for _ in range(ROUNDS):
        torch.mv(kernel, columns, out=rows).reciprocal_()
        torch.mv(kernel.t(), rows, out=columns).reciprocal_()
    return temperature * columns.log_()
