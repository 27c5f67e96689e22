"""The velocity network: an MLP with SiLU, all of whose numbers are one flat vector.

v(x, t) = offset_t + skip_t (x - centre_t) + out_t F(y, waves of y, features of t),  y = (x - centre_t) / in_t

with the constants of ``normalisation``: a fresh network, F = 0, already flows the source onto a Gaussian of
the target's mean and variance, and what F has to learn has unit size at every time.

Layout of ``flat``: first the normalisation's table, row-major, then layer by layer the weight (inputs,
outputs), row-major, and the bias. The table is data, not trained. The first layer's inputs are the features
of place, those of time, and for a conditional network one for each label.

Forward, backward and forward-tangent passes are written out by hand: at this size autograd's bookkeeping
costs more than the arithmetic.
"""

from __future__ import annotations

from typing import Self, final

import torch
from torch import Tensor
from torch.nn.functional import silu

from fmstudio.flows.layers import Layers, count, require_flat, start, views
from fmstudio.flows.normalisation import (
    COLUMNS,
    DIMENSION,
    NODES,
    SPACE,
    TIME,
    Coefficients,
    Normalisation,
    lookup,
    space_features,
    space_slopes,
)
from fmstudio.flows.schedules import Time

GAIN = 1.5
"""Standard deviation of a unit's input from unit inputs at the start; the last layer starts at 0."""
TILE = 4096
"""Rows that are pushed through at once: two layers of them fit into the cache."""

UNIT = torch.eye(DIMENSION)


@final
class MLP:
    """The network: ``layers`` hidden layers of ``width`` units. A plain value but for ``flat``, which
    training overwrites in place. It computes in the dtype and on the device of ``flat``.

    With ``labels`` > 0 it is conditional: ``given`` makes a plain network of it. Itself it then answers for
    no label.
    """

    def __init__(
        self, width: int, layers: int, generator: torch.Generator | None = None, labels: int = 0
    ) -> None:
        """A fresh network (weights of ``generator``, or of seed 0). Raises ValueError for an empty shape."""
        if width < 1 or layers < 1:
            raise ValueError(f"width and layers must be at least 1, got {width} and {layers}")
        self.width, self.layers, self.labels = width, layers, labels
        self._bind(torch.zeros(self.size(width, layers, labels)))
        self.normalise(Normalisation.identity())
        start(self.parameters(self.trained), GAIN, generator or torch.Generator().manual_seed(0))

    @classmethod
    def from_flat(cls, width: int, layers: int, flat: Tensor, labels: int = 0) -> Self:
        """The network with these numbers (copied). Raises ValueError for a wrong length or NaN."""
        require_flat(flat, cls.size(width, layers, labels), f"{layers} layers of {width}")
        network = cls(width, layers, labels=labels)
        network._bind(flat.detach().clone())
        return network

    @staticmethod
    def size(width: int, layers: int, labels: int = 0) -> int:
        """The length of ``flat``."""
        return NODES * COLUMNS + count(_sizes(width, layers, labels))

    def _bind(self, flat: Tensor) -> None:
        self.flat = flat
        self.table = flat[: NODES * COLUMNS].view(NODES, COLUMNS)
        self.trained = flat[NODES * COLUMNS :]

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """A copy there."""
        flat = self.flat.to(device=device, dtype=dtype)
        return type(self).from_flat(self.width, self.layers, flat, self.labels)

    def given(self, label: int | None) -> MLP:
        """The plain network for one label, or (None) for no label: its input is folded into the bias.
        Raises ValueError for a label that the network does not know."""
        if label is not None and not 0 <= label < self.labels:
            raise ValueError(f"label must lie in 0 ... {self.labels - 1}, got {label}")
        plain = MLP(self.width, self.layers).to(self.flat.device, self.flat.dtype)
        plain.table.copy_(self.table)
        mine, theirs = self.parameters(self.trained), plain.parameters(plain.trained)
        for (weight, bias), (weight_to, bias_to) in zip(mine, theirs, strict=True):
            weight_to.copy_(weight[: len(weight_to)])
            bias_to.copy_(bias)
        if label is not None:
            theirs[0][1].add_(mine[0][0][SPACE + TIME + label])
        return plain

    def normalise(self, normalisation: Normalisation) -> None:
        """Takes over the table."""
        self.table.copy_(normalisation.table)

    def parameters(self, trained: Tensor) -> Layers:
        """Views (weight (inputs, outputs), bias) of a vector laid out like ``trained``, layer by layer."""
        return views(trained, _sizes(self.width, self.layers, self.labels))

    def coefficients(self, t: Time) -> Coefficients:
        """The normalisation at ``t``, a float, a 0-d tensor, (n,) or (n, 1)."""
        return lookup(self.table, t)

    # ---- inference, in tiles and without autograd -----------------------------------------------------

    @torch.no_grad()
    def __call__(self, x: Tensor, t: Time) -> Tensor:
        """v(x, t): (n, 2)."""
        y, at = x.to(self.flat), self.coefficients(t)
        tiles = [self.velocity_of(self.trained, y[rows], at.rows(rows)) for rows in _tiles(len(x))]
        return torch.cat(tiles).to(x)

    @torch.no_grad()
    def velocity_and_slopes(self, x: Tensor, t: Time, directions: Tensor) -> tuple[Tensor, Tensor]:
        """v (n, 2), and (m, n, 2) the derivatives of v along ``directions`` (m, n or 1, 2), exactly."""
        y, at = x.to(self.flat), self.coefficients(t)
        along = directions.to(y).expand(-1, len(x), -1)
        tiles = [
            self.slopes_of(self.trained, y[rows], at.rows(rows), along[:, rows]) for rows in _tiles(len(x))
        ]
        return torch.cat([v for v, _ in tiles]).to(x), torch.cat([s for _, s in tiles], dim=1).to(x)

    def velocity_and_divergence(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """v (n, 2) and div v (n,), exactly, by two forward tangents."""
        velocity, slopes = self.velocity_and_slopes(x, t, UNIT[:, None])
        return velocity, slopes[0, :, 0] + slopes[1, :, 1]

    # ---- of given weights, differentiable -------------------------------------------------------------

    def velocity_of(self, trained: Tensor, x: Tensor, at: Coefficients) -> Tensor:
        """v at x (n, 2) with the weights ``trained``."""
        gap = x - at.centre
        weights = self.parameters(trained)
        h = _first_layer(gap / at.scale, at.features, weights[0])
        for weight, bias in weights[1:]:
            h = torch.addmm(bias, silu(h, inplace=not torch.is_grad_enabled()), weight)
        return at.offset + at.skip * gap + at.out * h

    def slopes_of(
        self, trained: Tensor, x: Tensor, at: Coefficients, directions: Tensor
    ) -> tuple[Tensor, Tensor]:
        """v (n, 2) and its derivatives along ``directions`` (m, n, 2), with the weights ``trained``."""
        gap = x - at.centre
        weights = self.parameters(trained)
        y = gap / at.scale
        h = _first_layer(y, at.features, weights[0])
        tangents = space_slopes(y, directions / at.scale) @ weights[0][0][:SPACE]
        for weight, bias in weights[1:]:
            gate = torch.sigmoid(h)
            after = h * gate
            tangents = (tangents * (gate + after * (1 - gate))) @ weight
            h = torch.addmm(bias, after, weight)
        return at.offset + at.skip * gap + at.out * h, at.skip * directions + at.out * tangents


def _first_layer(y: Tensor, features: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    """The first layer before its SiLU; one time's features are folded into the bias."""
    weight, bias = layer
    from_time = torch.addmm(bias, features, weight[SPACE : SPACE + TIME])
    return torch.addmm(from_time, space_features(y), weight[:SPACE])


def _tiles(n: int) -> list[slice]:
    return [slice(first, first + TILE) for first in range(0, max(n, 1), TILE)]


def _sizes(width: int, layers: int, labels: int) -> list[int]:
    return [SPACE + TIME + labels, *[width] * layers, DIMENSION]


@final
class BackwardPass:
    """Loss and gradient of sum_ij w_ij (F_ij - y_ij)^2 / n for batches of a fixed size, in preallocated
    buffers. ``gradient`` is laid out like ``MLP.trained`` and overwritten by each call."""

    def __init__(self, network: MLP, weights: Tensor, batch: int) -> None:
        """``weights`` is the vector to differentiate by, laid out like ``MLP.trained``; it is only read."""
        shape = (batch, network.width)
        self.gradient = torch.zeros_like(weights)
        self._layers = network.parameters(weights)
        self._gradients = network.parameters(self.gradient)
        self._before = [weights.new_empty(shape) for _ in range(network.layers)]
        self._after = [weights.new_empty(shape) for _ in range(network.layers)]
        self._back = [weights.new_empty(shape) for _ in range(network.layers)]
        self._ones = weights.new_ones(batch)
        self._answer = weights.new_empty(batch, DIMENSION)

    @torch.no_grad()
    def __call__(self, inputs: Tensor, y: Tensor, w: Tensor) -> Tensor:
        """The loss, a scalar tensor. inputs (n, SPACE + TIME + labels), y and w (n, 2)."""
        h = inputs
        for (weight, bias), before, after in zip(self._layers, self._before, self._after, strict=False):
            torch.addmm(bias, h, weight, out=before)
            h = torch.ops.aten.silu.out(before, out=after)
        weight, bias = self._layers[-1]
        gap = torch.addmm(bias, h, weight, out=self._answer).sub_(y)
        pull = gap * w
        loss = torch.dot(gap.view(-1), pull.view(-1)) / len(y)
        self._propagate(inputs, pull.mul_(2 / len(y)))
        return loss

    def _propagate(self, inputs: Tensor, back: Tensor) -> None:
        for i in range(len(self._layers) - 1, -1, -1):
            weight_gradient, bias_gradient = self._gradients[i]
            below = inputs if i == 0 else self._after[i - 1]
            torch.mm(below.t(), back, out=weight_gradient)
            torch.mv(back.t(), self._ones, out=bias_gradient)
            if i > 0:
                back = torch.mm(back, self._layers[i][0].t(), out=self._back[i - 1])
                torch.ops.aten.silu_backward.grad_input(back, self._before[i - 1], grad_input=back)
