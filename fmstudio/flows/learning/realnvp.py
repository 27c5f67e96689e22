"""RealNVP: a normalizing flow of affine couplings, trained by maximum likelihood (Liao et al. 2024; Dinh et
al. 2017).

Coupling k moves one coordinate by the other, a = k mod 2, b = 1 - a:

    x_a' = x_a exp(s_k(x_b)) + m_k(x_b),   x_b' = x_b,   log |det| = s_k(x_b),

inverted in closed form by x_a = (x_a' - m_k(x_b)) exp(-s_k(x_b)). After the last coupling an affine map takes
the unit scale to that of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self, final

import torch
from torch import Tensor
from torch.nn.functional import silu

from fmstudio.flows.learning.layers import Layers, count, require_flat, start, views
from fmstudio.flows.learning.likelihood import FlowState, maximise, require_gaussian
from fmstudio.flows.learning.normalisation import DIMENSION
from fmstudio.flows.learning.training import Plan, TrainingStep
from fmstudio.flows.paths.distributions import Distribution

STEEPEST = 2.0
"""s is bounded by it, smoothly: no coupling stretches by more than e^2."""
_PREFIX = 2 * DIMENSION


@final
class RealNVP:
    """``couplings`` affine couplings, each with a network of two hidden layers of ``width``.

    Layout of ``flat``: mean (2,), std (2,) of the last affine map, then coupling by coupling, layer by layer,
    the weight (inputs, outputs), row-major, and the bias. A fresh flow is that affine map alone.
    """

    def __init__(self, width: int, couplings: int, generator: torch.Generator | None = None) -> None:
        """Raises ValueError for a width below 1 or fewer than 2 couplings (each moves one coordinate)."""
        if width < 1 or couplings < 2:
            raise ValueError(
                f"width must be at least 1 and couplings at least 2, got {width} and {couplings}"
            )
        self.width, self.couplings = width, couplings
        self.flat = torch.zeros(self.size(width, couplings))
        self.flat[DIMENSION:_PREFIX] = 1.0
        generator = generator or torch.Generator().manual_seed(0)
        for layers in self._layers(self.trained):
            start(layers, 1.0, generator, bias=1.0)

    @classmethod
    def from_flat(cls, width: int, couplings: int, flat: Tensor) -> Self:
        """The flow with these numbers (copied). Raises ValueError for a wrong length or NaN."""
        require_flat(flat, cls.size(width, couplings), f"{couplings} couplings of width {width}")
        flow = cls(width, couplings)
        flow.flat = flat.detach().clone()
        return flow

    @staticmethod
    def size(width: int, couplings: int) -> int:
        """The length of ``flat``."""
        return _PREFIX + couplings * count(_sizes(width))

    @property
    def trained(self) -> Tensor:
        """The part of ``flat`` that training moves."""
        return self.flat[_PREFIX:]

    def fit_scale(self, z: Tensor) -> None:
        """Takes the mean and standard deviation of data over as the last affine map."""
        std = z.std(0)
        self.flat[:DIMENSION] = z.mean(0)
        self.flat[DIMENSION:_PREFIX] = std.clamp_min(max(1e-3 * float(std.max()), 1e-6))

    @property
    def stages(self) -> int:
        """The couplings and the last affine map."""
        return self.couplings + 1

    @torch.no_grad()
    def stage(self, k: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """(a, m), (n, 2) each: stage k takes x to a x + m. The same answer for x before, within and after
        the stage, since they depend on the coordinate that it leaves alone."""
        scale, shift = torch.ones_like(x), torch.zeros_like(x)
        if k == self.couplings:
            return scale * self.flat[DIMENSION:_PREFIX].to(x), shift + self.flat[:DIMENSION].to(x)
        log_scale, shift[:, k % 2] = _scale_and_shift(self._layers(self.trained)[k], x[:, 1 - k % 2])
        scale[:, k % 2] = log_scale.exp()
        return scale, shift

    @torch.no_grad()
    def layers(self, x: Tensor) -> Iterator[FlowState]:
        """Source points (n, 2), then after each coupling, then as data: couplings + 2 states, each with its
        log |det| from the start."""
        state = FlowState(x, torch.zeros_like(x[:, 0]))
        yield state
        for k, layers in enumerate(self._layers(self.trained)):
            scale, shift = _scale_and_shift(layers, state.x[:, 1 - k % 2])
            moved = state.x[:, k % 2] * scale.exp() + shift
            state = FlowState(_with(state.x, k % 2, moved), state.log_det + scale)
            yield state
        mean, std = self.flat[:DIMENSION].to(x), self.flat[DIMENSION:_PREFIX].to(x)
        yield FlowState(mean + std * state.x, state.log_det + std.log().sum())

    def forward(self, x: Tensor) -> FlowState:
        """Data for source points, with log |det|."""
        *_, last = self.layers(x)
        return last

    def inverse(self, z: Tensor, trained: Tensor | None = None) -> FlowState:
        """Source points for data, with log |det| of that direction; differentiable in ``trained``."""
        weights = self._layers(self.trained if trained is None else trained)
        mean, std = self.flat[:DIMENSION].to(z), self.flat[DIMENSION:_PREFIX].to(z)
        x, log_det = (z - mean) / std, -std.log().sum().expand(len(z))
        for k, layers in reversed(list(enumerate(weights))):
            scale, shift = _scale_and_shift(layers, x[:, 1 - k % 2])
            x = _with(x, k % 2, (x[:, k % 2] - shift) * torch.exp(-scale))
            log_det = log_det - scale
        return FlowState(x, log_det)

    @torch.no_grad()
    def sample(self, source: Distribution, n: int, generator: torch.Generator) -> Tensor:
        """``n`` draws of the model, (n, 2)."""
        return self.forward(source.sample(n, generator).to(self.flat)).x

    @torch.no_grad()
    def log_prob(self, source: Distribution, z: Tensor) -> Tensor:
        """log p(z) = log p_source(x) + log |det dx/dz|, (n,) (Khungurn 2024, eq 2)."""
        state = self.inverse(z)
        return source.log_prob(state.x) + state.log_det

    def _layers(self, trained: Tensor) -> list[Layers]:
        """Views of the layers of each coupling."""
        sizes = _sizes(self.width)
        each = count(sizes)
        return [views(trained[k * each : (k + 1) * each], sizes) for k in range(self.couplings)]


def _with(x: Tensor, axis: int, moved: Tensor) -> Tensor:
    """x with one coordinate replaced."""
    return torch.stack([moved, x[:, 1]] if axis == 0 else [x[:, 0], moved], dim=1)


def _scale_and_shift(layers: Layers, fixed: Tensor) -> tuple[Tensor, Tensor]:
    """(s, m), (n,) each, of the coordinate that stays."""
    h = fixed[:, None].to(layers[0][0])
    for weight, bias in layers[:-1]:
        h = silu(torch.addmm(bias, h, weight))
    raw = torch.addmm(layers[-1][1], h, layers[-1][0]).to(fixed)
    return STEEPEST * torch.tanh(raw[:, 0] / STEEPEST), raw[:, 1]


def _sizes(width: int) -> tuple[int, ...]:
    return (1, width, width, 2)


def train_realnvp(
    source: Distribution,
    target: Distribution,
    flow: RealNVP,
    *,
    steps: int = 2000,
    batch_size: int = 256,
    learning_rate: float = 5e-3,
    generator: torch.Generator | None = None,
    first_step: int = 0,
) -> Iterator[TrainingStep]:
    """Trains ``flow`` in place; the loss is the mean of -log p(z), in nats, and tends to the entropy of the
    target. Raises ValueError for a source that is not Gaussian or a run out of range, TrainingDiverged once
    the loss is not finite."""
    source = require_gaussian(source)
    plan = Plan(steps, batch_size, learning_rate, first_step, warm_up=100)
    generator = generator or torch.Generator().manual_seed(0)
    if first_step == 0:
        flow.fit_scale(target.sample(4096, generator).to(flow.flat))

    def negative_log_likelihood(weights: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        state = flow.inverse(z, weights)
        return -(source.log_prob(state.x) + state.log_det).mean(), weights.new_zeros(())

    return maximise(target, flow.trained, plan, negative_log_likelihood, generator)
