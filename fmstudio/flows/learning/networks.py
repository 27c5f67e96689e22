"""The velocity network: an MLP with SiLU, all of whose numbers are one flat vector.

v(x, t) = offset_t + skip_t (x - centre_t) + out_t F(y, waves of y, features of t),  y = (x - centre_t) / in_t

with the constants of ``normalisation``: a fresh network, F = 0, already flows the source onto a Gaussian of
the target's mean and variance, and what F has to learn has unit size at every time.

Layout of ``flat``: first the normalisation's table, row-major, then layer by layer the weight (inputs,
outputs), row-major, and the bias. The table is data, not trained. The first layer's inputs are the features
of place, those of time, and for a conditional network one for each label.

Inference and training go through the hand-written ``passes``; ``velocity_of`` and ``slopes_of`` are the same
functions for autograd.
"""

from __future__ import annotations

from typing import Self, final

import torch
from torch import Tensor
from torch.nn.functional import silu

from fmstudio.flows.learning.layers import Layers, count, matrices, require_flat, start, views
from fmstudio.flows.learning.normalisation import (
    COLUMNS,
    DIMENSION,
    NODES,
    SPACE,
    TIME,
    Coefficients,
    Normalisation,
    SpaceFeatures,
    lookup,
    space_features,
    space_slopes,
)
from fmstudio.flows.learning.passes import BackwardPass, forward_pass, tile_length, tiles
from fmstudio.flows.paths.schedules import Time

GAIN = 1.5
"""Standard deviation of a unit's input from unit inputs at the start; the last layer starts at 0."""


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

    @classmethod
    def over(cls, width: int, layers: int, flat: Tensor) -> Self:
        """The network whose numbers are this vector itself, of the right length."""
        network = cls(width, layers)
        network._bind(flat)
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

    def backward_pass(self, weights: Tensor, gradient: Tensor, batch: int) -> BackwardPass:
        """Loss and gradient by ``weights``, written to ``gradient``; both are laid out like ``trained``."""
        sizes = _sizes(self.width, self.layers, self.labels)
        return BackwardPass(matrices(weights, sizes), matrices(gradient, sizes), batch)

    def coefficients(self, t: Time) -> Coefficients:
        """The normalisation at ``t``, a float, a 0-d tensor, (n,) or (n, 1)."""
        return lookup(self.table, t)

    # ---- inference, in tiles and without autograd -----------------------------------------------------

    @torch.no_grad()
    def __call__(self, x: Tensor, t: Time) -> Tensor:
        """v(x, t): (n, 2)."""
        points, at = _turned(x.to(self.flat)), self.coefficients(t)
        velocity = self._answers(points, at, points.new_empty(DIMENSION, 0, 1))[:, 0]
        return _turned_back(velocity.addcmul_(points, at.skip.t())).to(x)

    @torch.no_grad()
    def velocity_and_slopes(self, x: Tensor, t: Time, directions: Tensor) -> tuple[Tensor, Tensor]:
        """v (n, 2), and (m, n, 2) the derivatives of v along ``directions`` (m, n or 1, 2), exactly."""
        points, at = _turned(x.to(self.flat)), self.coefficients(t)
        along = directions.to(points).permute(2, 0, 1)
        answers = self._answers(points, at, along)
        velocity = answers[:, 0].addcmul_(points, at.skip.t())
        slopes = answers[:, 1:].addcmul_(along, at.skip.t()[:, None])
        return _turned_back(velocity).to(x), slopes.permute(1, 2, 0).contiguous().to(x)

    def _answers(self, points: Tensor, at: Coefficients, along: Tensor) -> Tensor:
        """offset - skip centre + out F at points (2, n), and the change of out F ``along`` (2, m, n or 1):
        (2, 1 + m, n)."""
        n, tangents = points.shape[1], along.shape[1]
        one_time = len(at.out) == 1
        layers = self._folded(at) if one_time else [matrix.t() for matrix in self._matrices()]
        length = tile_length(n, self.width * (1 + tangents), points.device)
        inputs = layers[0].shape[1] - 1
        step = forward_pass(inputs, self.width, tangents, length, points)
        space = SpaceFeatures(at, along)
        answers = points.new_empty(DIMENSION, 1 + tangents, n)
        for rows in tiles(n, length):
            space.fill(step.inputs[:SPACE], points[:, rows], rows)
            if not one_time:
                step.inputs[SPACE : SPACE + TIME, 0] = at.features[rows].t()
            answers[:, :, rows] = step(layers)
        if not one_time:
            answers *= at.out.t()[:, None]
            answers[:, 0] += (at.offset - at.skip * at.centre).t()
        return answers

    def _matrices(self) -> list[Tensor]:
        """(inputs + 1, outputs) of each layer, the bias below; without the labels' rows."""
        first, *others = matrices(self.trained, _sizes(self.width, self.layers, self.labels))
        if self.labels:
            first = torch.cat([first[: SPACE + TIME], first[-1:]])
        return [first, *others]

    def _folded(self, at: Coefficients) -> list[Tensor]:
        """The layers for one time, turned: its features are part of the first bias, and the last layer
        answers offset - skip centre + out F at once."""
        first, *others, last = self._matrices()
        bias = torch.addmm(first[-1:], at.features, first[SPACE : SPACE + TIME])
        last = last * at.out
        last[-1:] += at.offset - at.skip * at.centre
        return [matrix.t() for matrix in (torch.cat([first[:SPACE], bias]), *others, last)]

    @torch.no_grad()
    def velocity_and_divergence(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """v (n, 2) and div v (n,), exactly, by two forward tangents."""
        points, at = _turned(x.to(self.flat)), self.coefficients(t)
        answers = self._answers(points, at, torch.eye(DIMENSION).to(points)[..., None])
        velocity = answers[:, 0].addcmul_(points, at.skip.t())
        divergence = answers[0, 1].add_(answers[1, 2]).add_(at.skip.sum(1))
        return _turned_back(velocity).to(x), divergence.to(x)

    # ---- of given weights, differentiable -------------------------------------------------------------

    def velocity_of(self, trained: Tensor, x: Tensor, at: Coefficients) -> Tensor:
        """v at x (n, 2) with the weights ``trained``."""
        gap = x - at.centre
        weights = self.parameters(trained)
        h = _first_layer(space_features((gap / at.scale).t()), at.features, weights[0])
        for weight, bias in weights[1:]:
            h = torch.addmm(bias, silu(h), weight)
        return at.offset + at.skip * gap + at.out * h

    def slopes_of(
        self, trained: Tensor, x: Tensor, at: Coefficients, directions: Tensor
    ) -> tuple[Tensor, Tensor]:
        """v (n, 2) and its derivatives along ``directions`` (m, n, 2), with the weights ``trained``."""
        gap = x - at.centre
        weights = self.parameters(trained)
        features = space_features((gap / at.scale).t())
        h = _first_layer(features, at.features, weights[0])
        tangents = space_slopes(features, (directions / at.scale).mT).mT @ weights[0][0][:SPACE]
        for weight, bias in weights[1:]:
            gate = torch.sigmoid(h)
            after = h * gate
            tangents = (tangents * (gate + after * (1 - gate))) @ weight
            h = torch.addmm(bias, after, weight)
        return at.offset + at.skip * gap + at.out * h, at.skip * directions + at.out * tangents


def _first_layer(space: Tensor, time: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    """The first layer's sums (n, width), before its SiLU; one time's features are folded into the bias."""
    weight, bias = layer
    from_time = torch.addmm(bias, time, weight[SPACE : SPACE + TIME])
    return torch.addmm(from_time, space.t(), weight[:SPACE])


def _turned(x: Tensor) -> Tensor:
    """(2, n) of (n, 2): by columns, several times as fast as a copy of the transpose."""
    return torch.stack(x.unbind(1))


def _turned_back(x: Tensor) -> Tensor:
    return torch.stack(x.unbind(), dim=1)


def _sizes(width: int, layers: int, labels: int) -> list[int]:
    return [SPACE + TIME + labels, *[width] * layers, DIMENSION]
