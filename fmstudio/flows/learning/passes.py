"""Passes through a perceptron with SiLU, written out by hand, in place and in buffers that are used again.

A network of this size spends longer in autograd's bookkeeping, in allocation and in cache misses than in
arithmetic. What is computed is what ``MLP.velocity_of`` and ``MLP.slopes_of`` say, and autograd of it.

Everything is turned: a column is a point, a row a unit, and below the last unit stands a row of ones, whose
weights are the biases. Products with few outputs, slices of rows and activations are all fastest so.
"""

from __future__ import annotations

import itertools
import threading
from functools import lru_cache
from typing import final

import torch
from torch import Tensor

_silu = torch.ops.aten.silu.out
_silu_backward = torch.ops.aten.silu_backward.grad_input

_CACHED = 1 << 18
"""Numbers in a buffer of a tile: two of them stay in a core's cache."""
_SHORTEST_TILE = 256


def tile_length(n: int, columns: int, device: torch.device) -> int:
    """How many of ``n`` points to push through at once, ``columns`` numbers of a layer for each: as many as
    the caches hold; nearly all on a GPU. The same for every tile: the last one may overlap."""
    limit = max(_SHORTEST_TILE, _CACHED // columns) * torch.get_num_threads()
    if device.type != "cpu":
        limit = 1 << 20
    tiles = max(1, -(-n // limit))
    return -(-n // tiles)


def tiles(n: int, length: int) -> list[slice]:
    """Slices of ``length`` that cover n points."""
    starts = range(0, n, max(1, length))
    return [slice(min(first, n - length), min(first, n - length) + length) for first in starts]


@final
class _Units:
    """A layer's units at ``length`` points, with their changes along ``tangents`` directions, and below them
    the input that is always 1 and never changes. Each view of them is made once: it takes longer than using
    it."""

    def __init__(self, units: int, tangents: int, length: int, like: Tensor) -> None:
        whole = like.new_zeros(units + 1, 1 + tangents, length)
        whole[-1, 0] = 1.0
        self.values = whole[:-1]
        self.to_multiply = whole.flatten(1)
        self.to_overwrite = self.values.flatten(1)
        self._sums = self.values[:, 0]
        self._changes = self.values[:, 1:] if tangents else None
        self._gate, self._slope = like.new_zeros(2, units if tangents else 0, length)

    def activate(self) -> None:
        """SiLU of the sums, and what it makes of their changes, in place."""
        if self._changes is None:
            _silu(self._sums, out=self._sums)
            return
        gate, sums = torch.sigmoid(self._sums, out=self._gate), self._sums
        sums.mul_(gate)
        # (h s)' = s + h s (1 - s) = s + silu (1 - s)
        slope = torch.addcmul(sums, sums, gate, value=-1, out=self._slope).add_(gate)
        self._changes.mul_(slope[:, None])


@final
class ForwardPass:
    """A perceptron at ``length`` points, with its changes along ``tangents`` directions.

    The caller fills ``inputs`` (inputs, 1 + tangents, length): what the network sees, then how it changes.
    """

    def __init__(self, inputs: int, width: int, tangents: int, length: int, like: Tensor) -> None:
        self._shape = (-1, 1 + tangents, length)
        self._input = _Units(inputs, tangents, length, like)
        self._hidden = [_Units(width, tangents, length, like) for _ in range(2)]
        self.inputs = self._input.values

    def __call__(self, layers: list[Tensor]) -> Tensor:
        """(outputs, 1 + tangents, length) of the turned matrices (outputs, inputs + 1)."""
        below = self._input
        for matrix, above in zip(layers[:-1], itertools.cycle(self._hidden), strict=False):
            torch.mm(matrix, below.to_multiply, out=above.to_overwrite)
            above.activate()
            below = above
        return torch.mm(layers[-1], below.to_multiply).view(self._shape)


@lru_cache(maxsize=4)
@torch.inference_mode(mode=False)
def _pass_of_thread(
    thread: int,  # noqa: ARG001
    inputs: int,
    width: int,
    tangents: int,
    length: int,
    device: torch.device,
    dtype: torch.dtype,
) -> ForwardPass:
    return ForwardPass(inputs, width, tangents, length, torch.empty(0, device=device, dtype=dtype))


def forward_pass(inputs: int, width: int, tangents: int, length: int, like: Tensor) -> ForwardPass:
    """One with the buffers of its last use in this thread, or fresh ones; good in any mode of autograd."""
    return _pass_of_thread(threading.get_ident(), inputs, width, tangents, length, like.device, like.dtype)


@final
class BackwardPass:
    """Loss and gradient of sum_ij w_ij (F_ij - y_ij)^2 / n for batches of a fixed size."""

    def __init__(self, layers: list[Tensor], gradients: list[Tensor], batch: int) -> None:
        """``layers`` (inputs + 1, outputs) are only read; each call overwrites ``gradients``, of the same
        shapes."""
        last = layers[-1]
        self._turned = [matrix.t() for matrix in layers]
        self._weights = [matrix[:-1] for matrix in layers]
        self._gradients = gradients
        hidden = [matrix.shape[1] for matrix in layers[:-1]]
        self._before = [last.new_empty(width, batch) for width in hidden]
        self._after = [last.new_ones(width + 1, batch) for width in hidden]
        self._active = [after[:-1] for after in self._after]
        self._answer = last.new_empty(last.shape[1], batch)
        self._pulls = [*(torch.empty_like(before) for before in self._before), torch.empty_like(self._answer)]
        self._pulls_turned = [pull.t() for pull in self._pulls]

    def __call__(self, inputs: Tensor, y: Tensor, w: Tensor) -> Tensor:
        """The loss, a scalar tensor. inputs (inputs + 1, n), the last row 1; y and w (outputs, n)."""
        below = inputs
        for matrix, before, after, active in zip(
            self._turned, self._before, self._after, self._active, strict=False
        ):
            torch.mm(matrix, below, out=before)
            _silu(before, out=active)
            below = after
        gap = torch.mm(self._turned[-1], below, out=self._answer).sub_(y)
        pull = torch.mul(gap, w, out=self._pulls[-1])
        loss = torch.dot(gap.view(-1), pull.view(-1)) / y.shape[1]
        pull.mul_(2 / y.shape[1])
        self._propagate(inputs)
        return loss

    def _propagate(self, inputs: Tensor) -> None:
        """From the pull on the answer down to the first layer."""
        for i in range(len(self._pulls) - 1, -1, -1):
            below = inputs if i == 0 else self._after[i - 1]
            torch.mm(below, self._pulls_turned[i], out=self._gradients[i])
            if i > 0:
                back = torch.mm(self._weights[i], self._pulls[i], out=self._pulls[i - 1])
                _silu_backward(back, self._before[i - 1], grad_input=back)
