"""A simulation from the shell: any number of particles, only what is asked for kept in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fmstudio.cli.app import fail
from fmstudio.document.document import Document, Experiment
from fmstudio.document.editing import SettingError
from fmstudio.document.overrides import MOVING_KINDS, one_of
from fmstudio.document.point_files import read_points
from fmstudio.document.specs.distribution import units_of
from fmstudio.document.specs.motion import duration_of
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.engine.messages import LearnedModel, TrajectoriesRequest
from fmstudio.engine.worker import build, motions
from fmstudio.engine.worker.particles import RanAway, require_near
from fmstudio.engine.worker.task_runner import prepare_torch
from fmstudio.flows.learning.likelihood import log_density as log_density_of_flow
from fmstudio.flows.learning.realnvp import RealNVP
from fmstudio.flows.motion.resolution import TooCoarse
from fmstudio.flows.motion.simulate import TILE
from fmstudio.studio import learning

LEAST_PARTICLES = 2


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
        if not document.dynamics.by_equation:
            raise SettingError(
                f"nothing moves an interpolant: take --dynamics {', '.join(MOVING_KINDS[:4])}."
            )
        prepare_torch(os.cpu_count())
        self._asked = _as_experiment(document, field)
        available = {learning.recipe_of_model(model): model for model in models}
        found = learning.learned(self._asked, available)
        self._learned = _chosen(found.model, field)
        self._guide = found.guide
        self._units = units_of(self._asked.target, self._asked.source)
        self._start = None if start is None else self._placed(read_points(start).points)
        self._n = n if self._start is None else len(self._start)

    @property
    def note(self) -> str:
        """How far the path is from its source, where that can be seen; ''."""
        along = self._asked.dynamics.uses_field
        own = self._start is not None or build.is_pathless(self._learned)
        return self._asked.path.source_gap if along and not own else ""

    def run(self, keep: bool, log_density: bool) -> dict[str, Any]:
        """The arrays of the file, in the units of the points that were given. Leaves the shell with code 1 if
        the particles run off to infinity."""
        request = self._request()
        try:
            motion = motions.motion(request)
        except TooCoarse as coarse:
            fail(str(coarse), 1)
        if self._start is not None:
            motion = replace(motion, start=self._start)
        noise = torch.Generator().manual_seed(self._asked.simulation.noise_seed)
        states = (state for state in motion.states(noise, TILE) if state is not None)
        try:
            kept, last = _gathered(states, request, keep)
        except RanAway as away:
            fail(str(away), 1)
        arrays: dict[str, Any] = {"x": self._told(last), "t": np.asarray(motion.times, np.float64)}
        if keep:
            arrays["trajectories"] = self._told(torch.stack(kept))
        if log_density:
            arrays["log_density"] = self._log_density(last).numpy() - self._units.log_area
        return arrays

    def _placed(self, points: npt.NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(self._units.to_plane(points)).float()

    def _told(self, x: Tensor) -> npt.NDArray[Any]:
        """Places in the file's units: float64 where they are not the plane's, else as they were computed."""
        return x.numpy() if self._units.are_plane else self._units.from_plane(x.numpy())

    def _request(self) -> TrajectoriesRequest:
        """Any number of particles: the window's bounds, which ``model_copy`` does not ask, are not ours."""
        d = self._asked
        simulation = d.simulation.model_copy(update={"particles": self._n})
        return TrajectoriesRequest(d.problem, d.dynamics, simulation, self._learned, self._guide)

    def _log_density(self, x: Tensor) -> Tensor:
        """log p of the samples: of the target for Langevin dynamics, of p_1 else - the closed form, or by the
        divergence of the flow where there is none."""
        d, source = self._asked, build.distribution(self._asked.source)
        if d.dynamics.is_steady:
            return build.distribution(d.target).log_prob(x)
        if d.dynamics.is_process:
            return motions.law(d.dynamics, d.problem).log_prob(x, duration_of(d.dynamics))
        if self._learned is None and self._guide is None:
            return build.marginal(d.problem).log_prob(x, 1.0)
        model = None if self._learned is None else build.trained_model(self._learned)
        if isinstance(model, RealNVP):
            return model.log_prob(source, x)
        initial = build.initial_log_prob(d.problem, self._learned)
        field = build.field(d.problem, self._learned, self._guide)
        return log_density_of_flow(field, initial, x, steps=d.simulation.steps)


def _as_experiment(document: Document, field: str | None) -> Experiment:
    """What the document itself asks for, whatever its panes compare."""
    shown = FieldChoice.LEARNED if field == FieldChoice.LEARNED.value else FieldChoice.EXACT
    view = ViewSpec(panes=(PaneSpec(field=shown),), training_step=document.view.training_step)
    return document.model_copy(update={"view": view}).experiment(0)


def _chosen(model: LearnedModel | None, field: str | None) -> LearnedModel | None:
    """The model to use, or None for the exact field."""
    if field is None:
        return model
    if one_of(field, tuple(FieldChoice), "field") == FieldChoice.EXACT:
        return None
    if model is None:
        raise ValueError(
            "DOC holds no model of this source, target, path, coupling and network: "
            "make one with 'fmstudio train ... -o DOC'."
        )
    return model


def _gathered(
    states: Iterator[Tensor], request: TrajectoriesRequest, keep: bool
) -> tuple[list[Tensor], Tensor]:
    """All states (or none) and the last. Raises RanAway."""
    kept: list[Tensor] = []
    last = torch.empty(0)
    for step, last in enumerate(states):
        require_near(last, request, step)
        if keep:
            kept.append(last)
    return kept, last
