"""Noise on the way from one end to the other: gamma_t W, gamma_t = a sqrt(t (1 - t)), nothing at the ends.

That of a Brownian bridge of sigma = a (Tong et al. 2023) and of a stochastic interpolant (Albergo, Boffi &
Vanden-Eijnden 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

LEAST = 1e-4
"""So far from the ends gamma' is taken, which is infinite there."""


@final
@dataclass(frozen=True)
class WayNoise:
    """``spread`` is the a of gamma; times are tensors, and so are the answers, of the same shape."""

    spread: float

    def variance(self, t: Tensor) -> Tensor:
        """gamma^2"""
        return self.spread**2 * (t * (1 - t)).clamp_min(0)

    def rate(self, t: Tensor) -> Tensor:
        """gamma gamma'"""
        return self.spread**2 * (1 - 2 * t) / 2

    def speed(self, t: Tensor) -> Tensor:
        """gamma'"""
        within = t.clamp(LEAST, 1 - LEAST)
        return self.spread * (1 - 2 * within) / (2 * torch.sqrt(within * (1 - within)))


NO_NOISE = WayNoise(0.0)
