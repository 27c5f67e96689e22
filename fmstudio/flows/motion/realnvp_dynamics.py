"""RealNVP as a motion: time walks through its stages, one after another.

The flow has L = couplings + 1 stages, each x -> a x + m componentwise, where a and m depend on nothing that
the stage moves. At t = (k + f) / L a particle has gone the part f of the way through stage k,

    x_t = (1 + f (a - 1)) x + f m,     so     dx_t/dt = L ((a - 1) x + m),

a straight line from layer to layer. Since a > 0 every part of a stage is invertible: x follows from x_t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from fmstudio.flows.learning.realnvp import RealNVP
from fmstudio.flows.motion.diffusion import Time
from fmstudio.flows.motion.dynamics import Dynamics
from fmstudio.flows.motion.solvers import Solver

_WHOLE = 1e-9
"""A stage that is so nearly complete is complete."""


@final
@dataclass(frozen=True)
class RealNVPDynamics(Dynamics):
    """The flow's own motion; t is one time for all particles."""

    flow: RealNVP
    is_stochastic: ClassVar[bool] = False

    @torch.no_grad()
    def drift(self, x: Tensor, t: Time) -> Tensor:
        stage, part = self._place(float(t))
        scale, shift = self.flow.stage(stage, x)
        before = (x - part * shift) / (1 + part * (scale - 1))
        return self.flow.stages * ((scale - 1) * before + shift)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return torch.zeros((), dtype=torch.float64)

    @torch.no_grad()
    def transport(self, x: Tensor, t: float, end: float) -> Tensor:
        """Where the points at time ``t`` are at ``end``, exactly; (n, 2)."""
        stage, part = self._place(t)
        last, rest = self._place(end)
        if part > 0:
            scale, shift = self.flow.stage(stage, x)
            x = (x - part * shift) / (1 + part * (scale - 1))
        while stage > last:
            stage -= 1
            scale, shift = self.flow.stage(stage, x)
            x = (x - shift) / scale
        while stage < last:
            scale, shift = self.flow.stage(stage, x)
            x = scale * x + shift
            stage += 1
        scale, shift = self.flow.stage(last, x)
        return (1 + rest * (scale - 1)) * x + rest * shift

    def _place(self, t: float) -> tuple[int, float]:
        """The stage and how much of it is done; the end belongs to the last stage."""
        place = min(max(t, 0.0), 1.0) * self.flow.stages
        stage = min(int(place + _WHOLE), self.flow.stages - 1)
        return stage, max(0.0, place - stage)


@final
class LayerSolver(Solver):
    """The closed form of a RealNVPDynamics: no error whatever the step."""

    name: ClassVar[str] = "layerwise"
    order: ClassVar[int] = 0
    is_stochastic: ClassVar[bool] = False

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:  # noqa: ARG002
        """Raises TypeError for dynamics that is no RealNVPDynamics."""
        if not isinstance(dynamics, RealNVPDynamics):
            raise TypeError(f"layerwise solves a RealNVPDynamics only, got {type(dynamics).__name__}")
        return dynamics.transport(x, t, t + dt)
