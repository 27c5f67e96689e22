"""Do the drawn layers answer what is asked? Judged by the numbers themselves, where that can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fmstudio.bench.monkey.asking import differences, essence, is_of
from fmstudio.bench.monkey.checks.registry import check
from fmstudio.bench.monkey.seen import Seen
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import DensityRequest, FieldRequest, Request, TrajectoriesRequest
from fmstudio.render.scene import (
    ArrowLayer,
    AxesLayer,
    DensityLayer,
    HandleLayer,
    InkLayer,
    Layer,
    ParticleLayer,
    PointLayer,
)
from fmstudio.studio.results import Recipe, position_of


@check("requests are of the experiment")
def requests_are_of_the_experiment(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        for what, request in () if pane.is_old else pane.wanted.items():
            for name in differences(request, pane.experiment):
                yield f"{pane.name}: its {what} is asked of another {name}"


@check("layers answer what is asked")
def layers_answer_what_is_asked(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        wanted = (*pane.wanted.values(), *_told(seen, pane.index))
        asked = [essence(request, seen.trains) for request in wanted]
        for layer in pane.certain():
            answers = layer.answers
            if answers is None:
                if not (isinstance(layer, InkLayer | HandleLayer | AxesLayer) or _is_ring(layer, seen)):
                    yield f"{pane.name}: a {type(layer).__name__} does not say what it answers"
            elif essence(answers, seen.trains) not in asked:
                kind, name = type(layer).__name__, type(answers).__name__
                other = ", ".join(differences(answers, pane.experiment)) or "another setting"
                yield f"{pane.name}: a {kind} answers a {name} that is not asked any more ({other})"


def _told(seen: Seen, pane: int) -> Iterator[Request]:
    """The training step that is told in a pane, if it is one of what the pane shows or would learn."""
    step = seen.session.one_step.seen
    if step is not None and step.pane == pane:
        request, learned = step.request, seen.document.showing(FieldChoice.LEARNED)
        recipe = Recipe(request.problem, request.model, request.training)
        yield from (request,) if is_of(recipe, learned.experiment(pane)) else ()


def _is_ring(layer: Layer, seen: Seen) -> bool:
    """It marks the particles that were dropped, which the document itself holds."""
    drops = [(drop.x, drop.y) for drop in seen.session.store.document.view.drops]
    if not isinstance(layer, PointLayer) or len(layer.points) != len(drops):
        return False
    return np.allclose(layer.points, drops, atol=1e-4)


@check("what waits says so", patience=1.0)
def what_waits_says_so(seen: Seen) -> Iterator[str]:
    """An old picture may stand for a moment; then it is dimmed, and the pane says what it waits for."""
    if seen.session.is_interacting:
        return
    for pane in seen.panes:
        asked = [essence(request, True) for request in seen.session.planner.wanted.values()]
        for layer in pane.drawn.layers:
            if layer.is_waiting and essence(layer.answers, True) not in asked and not pane.drawn.waiting:
                yield f"{pane.name}: a {type(layer).__name__} of what was asked before stands as if new"


@check("layers show the numbers of what they answer")
def layers_show_their_own_numbers(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        for layer in pane.drawn.layers:
            if isinstance(layer, DensityLayer | ParticleLayer) and layer.answers is not None:
                owner = seen.owner(layer.a)
                if owner is not None and owner.request != layer.answers:
                    yield f"{pane.name}: a {type(layer).__name__} shows the numbers of another request"


@check("particles are those asked")
def particles_are_those_asked(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        asked = pane.wanted.get("trajectories")
        for layer in pane.certain():
            if not isinstance(layer, ParticleLayer):
                continue
            if not isinstance(asked, TrajectoriesRequest):
                yield f"{pane.name}: particles move although none are asked"
                continue
            number = asked.simulation.particles
            if len(layer.a) != number:
                yield f"{pane.name}: {len(layer.a)} particles are drawn, {number} are asked"


@check("particles are where they are at t", settled=True)
def particles_are_where_they_are_at_t(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        job = seen.answer(pane.wanted.get("trajectories"))
        for layer in pane.certain():
            if not isinstance(layer, ParticleLayer) or job is None or seen.owner(layer.a) is not job:
                continue
            last = job.result.shape[0] - 1
            place = pane.spec.at(seen.t) * last
            if seen.session.store.document.view.only_states:
                place = float(int(place + 1e-6))
            low = min(int(place), last - 1)
            now = (1 - layer.weight) * layer.a + layer.weight * layer.b
            true = job.result.values[low] + (place - low) * (
                job.result.values[low + 1] - job.result.values[low]
            )
            if not np.allclose(now, true, atol=1e-4, rtol=1e-3, equal_nan=True):
                yield f"{pane.name}: the particles drawn are not at t = {seen.t:.3f}"


@check("the density is the one asked")
def the_density_is_the_one_asked(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        asked = pane.wanted.get("density")
        for layer in pane.certain():
            if not isinstance(layer, DensityLayer):
                continue
            answers = layer.answers
            if not isinstance(asked, DensityRequest):
                yield f"{pane.name}: a density is drawn although none is asked"
            elif isinstance(answers, DensityRequest) and answers.method is not asked.method:
                yield f"{pane.name}: the density drawn was had by {answers.method}, {asked.method} is asked"


@check("arrows point along the field asked", settled=True)
def arrows_point_along_the_field_asked(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        job = seen.answer(pane.wanted.get("field"))
        if job is None or not isinstance(job.request, FieldRequest):
            continue
        for layer in pane.certain():
            grid = job.request.grid
            if not isinstance(layer, ArrowLayer) or len(layer.vectors) != grid.nx * grid.ny:
                continue
            last = len(job.request.times) - 1
            place = pane.spec.at(seen.t) * last
            low = min(int(place), max(last - 1, 0))
            rows = [job.result.values[position_of(job, row)] for row in (low, min(low + 1, last))]
            true = ((1 - place + low) * rows[0] + (place - low) * rows[1]).reshape(-1, 2)
            if _misaligned(layer.vectors, true) > 0.1:
                yield f"{pane.name}: the arrows drawn do not point along the field that is asked"


def _misaligned(drawn: Any, true: Any) -> float:
    """The part of the arrows, of those long enough to see, that point elsewhere."""
    lengths = np.hypot(*drawn.T) * np.hypot(*true.T)
    seen = np.isfinite(lengths) & (lengths > 1e-3 * np.nanmax(lengths, initial=0.0)) & (lengths > 0)
    if not seen.any():
        return 0.0
    cosine = (drawn[seen] * true[seen]).sum(1) / lengths[seen]
    return float((cosine < 0.9).mean())
