"""A simulation from the shell: any number of particles, only what is asked for kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from fmstudio.cli.app import fail
from fmstudio.document.document import Document
from fmstudio.document.editing import SettingError, with_field
from fmstudio.document.overrides import one_of
from fmstudio.document.point_files import read_points
from fmstudio.document.specs.dynamics import (
    DYNAMICS,
    MORE_DYNAMICS,
    AnnealedLangevinSpec,
    InterpolantSpec,
    LangevinSpec,
    ReverseSDESpec,
    SDESpec,
)
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine import build, motions
from fmstudio.engine.messages import LearnedModel, TrajectoriesRequest
from fmstudio.engine.workshop import prepare_torch
from fmstudio.flows.likelihood import initial_log_prob
from fmstudio.flows.likelihood import log_density as log_density_of_flow
from fmstudio.flows.simulate import TILE
from fmstudio.studio.planner import model_key

KINDS: tuple[str, ...] = tuple(
    d.model_fields["kind"].default for d in (*DYNAMICS, *MORE_DYNAMICS) if d is not InterpolantSpec
)
_NEED_A_SCORE = (SDESpec, ReverseSDESpec, AnnealedLangevinSpec)
LEAST_PARTICLES = 2


def with_motion(document: Document, kind: str | None, solver: str | None, sigma: float | None) -> Document:
    """The document with other dynamics. Raises ValueError with one sentence."""
    if kind is not None and one_of(kind, KINDS, "dynamics") != document.dynamics.kind:
        document = with_field(document, "dynamics.kind", kind)
    if solver is not None:
        document = with_field(document, "dynamics.solver", solver)
    if sigma is not None:
        if "sigma" not in type(document.dynamics).model_fields:
            raise SettingError(
                f"sigma = {sigma:g} means nothing to {document.dynamics.kind} dynamics: take sde or langevin."
            )
        document = with_field(document, "dynamics.sigma", sigma)
    return document


@final
class Sampling:
    """Which particles move, and by what."""

    def __init__(
        self,
        document: Document,
        models: tuple[LearnedModel, ...],
        field: str | None,
        n: int,
        start: Path | None,
    ) -> None:
        """Raises ValueError for n < 2, an unknown field, or a learned field that DOC does not hold."""
        if n < LEAST_PARTICLES:
            raise ValueError(f"n must be at least {LEAST_PARTICLES}, got {n}")
        if isinstance(document.dynamics, InterpolantSpec):
            raise SettingError(f"nothing moves an interpolant: take --dynamics {', '.join(KINDS[:4])}.")
        prepare_torch()
        self._document = document
        self._learned = _model(document, models, field)
        _require_score(document, self._learned)
        self._start = None if start is None else torch.from_numpy(read_points(start)).float()
        self._n = n if self._start is None else len(self._start)

    def run(self, keep: bool, log_density: bool) -> dict[str, Any]:
        """The arrays of the file. Leaves the shell with code 1 if the particles run off to infinity."""
        request = self._request()
        motion = motions.motion(request)
        if self._start is not None:
            motion = replace(motion, start=self._start)
        noise = torch.Generator().manual_seed(self._document.simulation.noise_seed)
        states = (state for state in motion.states(noise, TILE) if state is not None)
        kept, last = _gathered(states, keep)
        if not bool(torch.isfinite(last).all()):
            fail("The particles ran off to infinity: use more steps or a smaller sigma.", 1)
        arrays: dict[str, Any] = {"x": last.numpy(), "t": np.asarray(motion.times, np.float64)}
        if keep:
            arrays["trajectories"] = torch.stack(kept).numpy()
        if log_density:
            arrays["log_density"] = self._log_density(last).numpy()
        return arrays

    def _request(self) -> TrajectoriesRequest:
        """Any number of particles: the window's bounds, which ``model_copy`` does not ask, are not ours."""
        d = self._document
        simulation = d.simulation.model_copy(update={"particles": self._n})
        return TrajectoriesRequest(d.source, d.target, d.path, d.dynamics, simulation, self._learned)

    def _log_density(self, x: Tensor) -> Tensor:
        """log p of the samples: of the target for Langevin dynamics, else of p_1 - the closed form, or the
        learned flow's by its divergence."""
        d = self._document
        if isinstance(d.dynamics, LangevinSpec):
            return build.distribution(d.target).log_prob(x)
        if isinstance(d.dynamics, motions.FREE):
            law = motions.law(d.dynamics, d.source, d.target, d.path)
            return law.log_prob(x, law.duration)
        if self._learned is None:
            return build.marginal(d.source, d.target, d.path).log_prob(x, 1.0)
        field = build.field(d.source, d.target, d.path, self._learned)
        initial = initial_log_prob(build.distribution(d.source), build.schedule(d.path))
        return log_density_of_flow(field, initial, x, steps=d.simulation.steps)


def _model(document: Document, models: tuple[LearnedModel, ...], field: str | None) -> LearnedModel | None:
    """The model to use, or None for the exact field."""
    mine = [m for m in models if (m.source, m.target, m.path) == model_key(document)]
    if field is None:
        return mine[0] if mine else None
    if one_of(field, tuple(FieldChoice), "field") == FieldChoice.EXACT:
        return None
    if not mine:
        raise ValueError(
            "DOC holds no model of this source, target and path: make one with 'fmstudio train ... -o DOC'."
        )
    return mine[0]


def _require_score(document: Document, learned: LearnedModel | None) -> None:
    """A learned velocity tells the score only where x_0 is standard normal whatever z is: raises ValueError
    for noise along any other path."""
    if learned is None or not isinstance(document.dynamics, _NEED_A_SCORE):
        return
    kind, coupling = document.dynamics.kind, learned.training.coupling
    if learned.source.kind != "standard-normal":
        raise ValueError(
            f"dynamics {kind} needs a score, which a model of a {learned.source.kind} source does not tell: "
            "take ode, or train from a standard-normal source."
        )
    if coupling is not Coupling.INDEPENDENT:
        raise ValueError(
            f"dynamics {kind} needs a score, which a model trained on {coupling.value} pairs does not tell: "
            "take ode, or train with --coupling independent."
        )


def _gathered(states: Iterator[Tensor], keep: bool) -> tuple[list[Tensor], Tensor]:
    """All states (or none) and the last."""
    kept: list[Tensor] = []
    last = torch.empty(0)
    for last in states:
        if keep:
            kept.append(last)
    return kept, last
