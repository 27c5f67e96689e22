"""Passes through a perceptron with SiLU, written out by hand, in place and in buffers that are used again.

A network of this size spends longer in autograd's bookkeeping, in allocation and in cache misses than in
arithmetic. What is computed is what ``MLP.velocity_of`` and ``MLP.slopes_of`` say, and autograd of it.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from fmstudio.flows.layers import Layers

_silu = torch.ops.aten.silu.out
_silu_backward = torch.ops.aten.silu_backward.grad_input


def forward(layers: Layers, h: Tensor, spare: Tensor) -> Tensor:
    """The answer, turned (outputs, n), of the layers after the first, whose sums h (n, width) are
    overwritten, as is ``spare`` of the same shape."""
    for weight, bias in layers[1:-1]:
        torch.addmm(bias, _silu(h, out=h), weight, out=spare)
        h, spare = spare, h
    weight, bias = layers[-1]
    return _few(_silu(h, out=h), weight) + bias[:, None]


def forward_with_tangents(
    layers: Layers, h: Tensor, spare: Tensor, tangents: Tensor, spare_tangents: Tensor
) -> tuple[Tensor, Tensor]:
    """As ``forward``, with the changes (m, outputs, n) of the answer as the sums h change by ``tangents``
    (m, n, width), contiguous; all four are overwritten."""
    m, n, width = tangents.shape
    for weight, bias in layers[1:-1]:
        _activate(h, tangents)
        torch.mm(tangents.view(m * n, width), weight, out=spare_tangents.view(m * n, width))
        torch.addmm(bias, h, weight, out=spare)
        h, spare, tangents, spare_tangents = spare, h, spare_tangents, tangents
    weight, bias = layers[-1]
    _activate(h, tangents)
    return _few(h, weight) + bias[:, None], torch.stack([_few(tangent, weight) for tangent in tangents])


def _few(h: Tensor, weight: Tensor) -> Tensor:
    """(outputs, n) h weight, turned: for few outputs, products with a vector are the fastest."""
    answer = h.new_empty(weight.shape[1], len(h))
    for row, column in zip(answer, weight.t(), strict=True):
        torch.mv(h, column, out=row)
    return answer


def _activate(h: Tensor, tangents: Tensor) -> None:
    for tangent in tangents:
        _silu_backward(tangent, h, grad_input=tangent)
    _silu(h, out=h)


@final
class BackwardPass:
    """Loss and gradient of sum_ij w_ij (F_ij - y_ij)^2 / n for batches of a fixed size."""

    def __init__(self, layers: Layers, gradients: Layers, batch: int) -> None:
        """``layers`` are only read; each call overwrites ``gradients``, of the same shapes."""
        first, last = layers[0][0], layers[-1][0]
        self._layers, self._gradients = layers, gradients
        hidden = [weight.shape[1] for weight, _ in layers[:-1]]
        self._before = [first.new_empty(batch, width) for width in hidden]
        self._after = [first.new_empty(batch, width) for width in hidden]
        self._back = [first.new_empty(batch, width) for width in hidden]
        self._after_turned = [after.t() for after in self._after]
        self._weights_turned = [weight.t() for weight, _ in layers]
        self._ones = first.new_ones(batch)
        self._answer = first.new_empty(batch, last.shape[1])
        self._pull = torch.empty_like(self._answer)
        self._pulls = [*self._back, self._pull]
        self._pulls_turned = [pull.t() for pull in self._pulls]

    def __call__(self, inputs: Tensor, y: Tensor, w: Tensor) -> Tensor:
        """The loss, a scalar tensor. inputs (n, inputs of the first layer), y and w (n, outputs)."""
        h = inputs
        for (weight, bias), before, after in zip(self._layers, self._before, self._after, strict=False):
            torch.addmm(bias, h, weight, out=before)
            h = _silu(before, out=after)
        weight, bias = self._layers[-1]
        gap = torch.addmm(bias, h, weight, out=self._answer).sub_(y)
        torch.mul(gap, w, out=self._pull)
        loss = torch.dot(gap.view(-1), self._pull.view(-1)) / len(y)
        self._pull.mul_(2 / len(y))
        self._propagate(inputs)
        return loss

    def _propagate(self, inputs: Tensor) -> None:
        """From the pull on the answer down to the first layer."""
        for i in range(len(self._layers) - 1, -1, -1):
            weight_gradient, bias_gradient = self._gradients[i]
            below = inputs.t() if i == 0 else self._after_turned[i - 1]
            torch.mm(below, self._pulls[i], out=weight_gradient)
            torch.mv(self._pulls_turned[i], self._ones, out=bias_gradient)
            if i > 0:
                back = torch.mm(self._pulls[i], self._weights_turned[i], out=self._back[i - 1])
                _silu_backward(back, self._before[i - 1], grad_input=back)
