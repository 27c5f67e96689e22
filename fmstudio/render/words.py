"""The words in and around a pane: title, legend, notice. They say what is computed, never more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.dynamics import (
    SOLVER_TITLES,
    InterpolantSpec,
    substeps_of,
)
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import DensityChoice, PaneSpec, ParticleColour
from fmstudio.engine.messages import DensityMethod, DensityRequest, FieldRequest, Quantity, Refusal
from fmstudio.engine.requests import FOKKER_PLANCK_CELLS
from fmstudio.render.learning_words import how_guided, how_learned, is_layered, is_pathless, what_lacks
from fmstudio.render.scene import Legend
from fmstudio.studio.clocks import clock_of
from fmstudio.studio.guardrails import hopeless
from fmstudio.studio.measures import distance_words
from fmstudio.studio.motions import coupling_of
from fmstudio.studio.results import Results, Slot, request_of

_COLOURS = {
    ParticleColour.ORIGIN: "where each particle began",
    ParticleColour.SPEED: "speed, blue slow to yellow fast",
    ParticleColour.LABEL: "the label of where each particle ends",
    ParticleColour.PLAIN: "all particles alike",
}
_COUPLINGS = {
    Coupling.INDEPENDENT: "independent",
    Coupling.OT: "optimal",
    Coupling.SINKHORN: "entropic",
}


def title(own: str, experiment: Experiment) -> str:
    """The pane's own title, or the motion's."""
    return own or str(experiment.dynamics.title)


def subtitle(experiment: Experiment, pane: PaneSpec) -> str:
    """Path; solver and steps where something is simulated; whose field it is, if not the exact one."""
    dynamics, steps = experiment.dynamics, experiment.simulation.steps
    layered = is_layered(experiment)
    parts = [
        experiment.path.title if dynamics.follows_path and not is_pathless(experiment) else "",
        _solver(dynamics, steps) if _shows_motion(pane) and not layered else "",
        clock_of(dynamics).span(),
        how_learned(experiment),
        how_guided(experiment.guidance),
    ]
    return " · ".join(part for part in parts if part)


def _shows_motion(pane: PaneSpec) -> bool:
    on = pane.layers
    smoothed = on.density and pane.density in (DensityChoice.AUTO, DensityChoice.KDE)
    return smoothed or on.particles or on.trajectories or on.paths or on.grid


def _solver(dynamics: Any, steps: int) -> str:
    if isinstance(dynamics, InterpolantSpec):
        return f"{_COUPLINGS[dynamics.coupling]} pairs, no solver"
    substeps = substeps_of(dynamics)
    count = f"{steps} × {substeps}" if substeps > 1 else str(steps)
    return f"{SOLVER_TITLES[dynamics.solver]}, {count} step{'s' if count != '1' else ''}"


def legend(document: Document, results: Results, pane: int) -> Iterator[Legend]:
    """What each visible layer is, and the pane's W2."""
    on = document.view.panes[pane].layers
    experiment = document.experiment(pane)
    if on.density:
        yield from _density(results.slots.get(f"density/{pane}"))
    if on.field:
        yield from _arrows(results.slots.get(f"field/{pane}"))
    if on.couplings and f"pairs/{pane}" in results.slots:
        yield Legend("lines", f"{_COUPLINGS[coupling_of(document, experiment)]} pairs of x_0 and z")
    if on.grid:
        yield Legend("grid", _grid(experiment))
    if on.particles and f"trajectories/{pane}" in results.slots:
        yield Legend("colour", _COLOURS[document.view.particle_colour])
    elif on.paths and f"trajectories/{pane}" in results.slots:
        yield Legend("paths", "the way so far, coloured by where it began")
    if on.particles or on.trajectories or on.paths:
        yield from _distance(results.slots.get(f"measure/{pane}"))


def _grid(experiment: Experiment) -> str:
    if experiment.dynamics.is_flow:
        return "a square grid, carried by the flow"
    return "only a flow without noise warps a grid"


def _density(slot: Slot | None) -> Iterator[Legend]:
    request = slot.request if slot is not None else None
    if slot is not None and slot.problem and slot.refusal is not Refusal.NO_CLOSED_FORM:
        yield Legend("density", slot.problem, answers=request)
    if slot is None or slot.problem or not isinstance(request, DensityRequest):
        return
    if request.method is DensityMethod.EXACT:
        yield Legend("density", _exact(request), answers=request)
    elif request.method is DensityMethod.KDE:
        what = "the particles" if request.trajectories is not None else "samples of pₜ"
        yield Legend("density", f"KDE of {what}", answers=request)
    else:
        name, text = _METHODS[request.method]
        yield Legend(name, text.format(**_facts(request)) + _part_done(slot), answers=request)


def _exact(request: DensityRequest) -> str:
    if request.law is not None:
        return "exact law of the process"
    return "exact p_data" if len(request.times) == 1 else "exact pₜ"


def _facts(request: DensityRequest) -> dict[str, str]:
    """What the sentences below leave open."""
    moving = request.trajectories
    noisy = moving is not None and not moving.dynamics.is_flow
    return {
        "whose": "v" if request.learned is not None else "uₜ",
        "equation": "Fokker–Planck" if noisy else "continuity",
        "cells": f"{FOKKER_PLANCK_CELLS} × {FOKKER_PLANCK_CELLS}",
    }


_METHODS = {
    DensityMethod.LIKELIHOOD: ("density", "by the divergence of {whose} along its flow (exact trace)"),
    DensityMethod.LIKELIHOOD_HUTCHINSON: (
        "density",
        "by the divergence of {whose} along its flow (Hutchinson, one probe a point)",
    ),
    DensityMethod.FOKKER_PLANCK: ("density", "{equation} equation solved on a grid of {cells} cells"),
    DensityMethod.TIME_DERIVATIVE: ("map", "∂ₜpₜ: blue rises, brown falls"),
    DensityMethod.MINUS_DIVERGENCE: ("map", "−div(pₜ {whose}): blue fills, brown drains"),
    DensityMethod.RESIDUAL: ("map", "∂ₜpₜ + div(pₜ {whose}), coloured on the scale of ∂ₜpₜ"),
    DensityMethod.ERROR: ("error", "|v − uₜ| in units of the typical speed, faded where pₜ is faint"),
    DensityMethod.NAIVE_ERROR: (
        "error",
        "|naive average − uₜ| in units of the typical speed, faded where pₜ is faint",
    ),
}


def _part_done(slot: Slot) -> str:
    """How far a slow computation has come, in tenths."""
    ready, rows = slot.jobs[0].result.ready, slot.jobs[0].result.shape[0]
    return "" if ready >= rows else f" · {10 * (10 * ready // rows)}% done"


def _arrows(slot: Slot | None) -> Iterator[Legend]:
    request = slot.request if slot is not None else None
    if isinstance(request, FieldRequest):
        learned = request.learned is not None
        text = _LEARNED[request.quantity] if learned else _EXACT[request.quantity]
        still = request.quantity is Quantity.SCORE and len(request.times) == 1
        yield Legend("field", text.replace("pₜ", "p_data") if still else text, answers=request)


_EXACT = {
    Quantity.VELOCITY: "exact velocity uₜ",
    Quantity.SCORE: "exact score of pₜ",
    Quantity.DRIFT: "drift",
    Quantity.FLUX: "exact flux pₜuₜ",
    Quantity.NAIVE_AVERAGE: "naive average: uₜ(x|z) over p_data, not over the posterior",
}
_LEARNED = {
    **_EXACT,
    Quantity.VELOCITY: "learned velocity v",
    Quantity.SCORE: "learned score of pₜ",
    Quantity.FLUX: "flux pₜv, exact times learned",
}


def _distance(slot: Slot | None) -> Iterator[Legend]:
    job = slot.at(0) if slot is not None else None
    if job is not None:
        distance, floor = (float(value) for value in job.result.values[0])
        text = f"to p_data {distance_words(distance, floor)}"
        yield Legend("W₂", text, answers=request_of(job))


def notice(experiment: Experiment, results: Results, pane: int) -> str:
    """Why a pane is empty, in one sentence; '' if it is not."""
    for note in hopeless(experiment, results):
        return note.text
    if lack := what_lacks(experiment, results):
        return lack
    slot = results.slots.get(f"trajectories/{pane}")
    return slot.problem if slot is not None else ""
