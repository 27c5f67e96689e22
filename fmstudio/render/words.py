"""The words in and around a pane: title, legend, notice. They say what is computed, never more."""

from __future__ import annotations

from collections.abc import Iterator

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import SOLVER_TITLES
from fmstudio.document.specs.motion import substeps_of
from fmstudio.document.specs.view import LAYERS, PaneSpec
from fmstudio.engine.messages import (
    DensityRequest,
    DropsRequest,
    FieldRequest,
    LabelsRequest,
    Request,
    TrajectoriesRequest,
)
from fmstudio.engine.requests import FOKKER_PLANCK_CELLS
from fmstudio.render.figures import distance, measures
from fmstudio.render.learning_words import (
    how_far_learned,
    how_guided,
    how_learned,
    what_lacks,
)
from fmstudio.render.palette import DARK, Palette
from fmstudio.render.particle_colours import label_swatches, ramp_swatches, time_swatches, wheel
from fmstudio.render.scene import Legend, Swatch
from fmstudio.studio.answers import is_slow
from fmstudio.studio.clocks import clock_of
from fmstudio.studio.dropping import told
from fmstudio.studio.guardrails import hopeless
from fmstudio.studio.measures import distance_words
from fmstudio.studio.motions import pairs_in_words
from fmstudio.studio.resolve import Resolved, colour_request
from fmstudio.studio.results import Results, is_masked
from fmstudio.studio.stage import Shown, Standing

WITH_MASS = " where pₜ has mass"
"""Of arrows of which some are left out."""
MOST_NAMES = 8
"""Labels that a legend names."""


def title(pane: Resolved) -> str:
    """The pane's own title, or the motion's."""
    return pane.pane.title or str(pane.experiment.dynamics.title)


def subtitle(pane: Resolved) -> str:
    """Path; solver and steps where something is simulated; whose field it is, if not the exact one."""
    experiment = pane.experiment
    dynamics = experiment.dynamics
    layered = experiment.is_layered
    parts = [
        _course(experiment),
        _solver(experiment) if _shows_motion(pane.pane) and not layered else "",
        clock_of(dynamics).span(),
        "" if pane.pane.held is None else f"held at {clock_of(dynamics).words(pane.pane.held)}",
        how_learned(experiment),
        how_far_learned(pane),
        how_guided(experiment),
    ]
    return " · ".join(part for part in parts if part)


def _course(experiment: Experiment) -> str:
    """The path, or what the coupling of the ends makes of it."""
    path = experiment.path.title if experiment.has_path and not experiment.goes_its_own_way else ""
    return ", ".join(part for part in (path, experiment.coupling.called) if part)


def _shows_motion(pane: PaneSpec) -> bool:
    on = pane.layers
    smoothed = (on.density or on.contours) and pane.density in (DensityMethod.AUTO, DensityMethod.KDE)
    return smoothed or any(layer.moves and getattr(on, name) for name, layer in LAYERS.items())


def _solver(experiment: Experiment) -> str:
    dynamics, steps = experiment.dynamics, experiment.simulation.steps
    if dynamics.pairs is not None:
        return f"{dynamics.pairs.facts.pairs} pairs, no solver"
    substeps = substeps_of(dynamics)
    count = f"{steps} × {substeps}" if substeps > 1 else str(steps)
    more = " or more" if experiment.breaks_steps else ""
    return f"{SOLVER_TITLES[dynamics.solver]}, {count} step{'s' if count != '1' else ''}{more}"


def legend(
    standing: Standing, document: Document, results: Results, palette: Palette = DARK
) -> Iterator[Legend]:
    """What each visible layer is, and the pane's W2. ``document`` says how particles are coloured."""
    pane = standing.resolved
    on = pane.pane.layers
    if on.density or on.contours:
        yield from _density(standing)
    if on.field:
        yield from _arrows(standing)
    motion = pane.experiment.dynamics
    for name, layer in LAYERS.items():
        if layer.told is not None and getattr(on, name) and layer.shows(motion):
            yield Legend(*layer.told)
    if on.axes:
        yield Legend("axes", _axes(pane.experiment))
    if on.couplings and "pairs" in standing.shown:
        pairs = pairs_in_words(pane.document, pane.experiment)
        yield Legend("lines", f"{pairs} of x_0 and z", answers=standing.shown["pairs"].request)
    if on.grid:
        yield Legend("grid", _grid(pane.experiment))
    if document.view.only_states and (on.particles or on.trajectories or on.paths):
        yield Legend("states", "only those of the solver")
    moving = standing.shown.get("trajectories")
    if on.particles and moving is not None:
        yield _colour(standing, document, results, palette)
        yield from _labels(standing, document, results)
    elif on.paths and moving is not None:
        yield Legend("paths", "the way so far", answers=moving.request)
        yield _colour(standing, document, results, palette)
    if document.view.drops and not pane.is_waiting_for_a_stroke:
        yield from _dropped(standing)
    if on.particles or on.trajectories or on.paths:
        yield from _distance(standing)


def _dropped(standing: Standing) -> Iterator[Legend]:
    """Which way is which of the particles that were dropped, or why there is none."""
    asked = standing.resolved.asks.get("drops")
    request = asked if isinstance(asked, DropsRequest) else None
    text = standing.problems.get("drops", "") or told(standing.resolved.experiment, request)
    if text:
        yield Legend("dropped", text, answers=request)


def _colour(standing: Standing, document: Document, results: Results, palette: Palette) -> Legend:
    by, moving = document.view.particle_colour, standing.shown["trajectories"]
    asked, text, shown = colour_request(moving.request, by), by.facts.words, by
    if asked is not None and results.cached(asked) is None:
        is_coming = by.facts.asks in standing.resolved.asks
        shown, text = ParticleColour.ORIGIN, ParticleColour.ORIGIN.facts.words
        text = f"{text}, until the {by.facts.title.lower()} is known" if is_coming else text
    return Legend("colour", text, answers=moving.request, scale=_scale(shown, palette))


def _scale(by: ParticleColour, palette: Palette) -> Swatch | None:
    if by in (ParticleColour.ORIGIN, ParticleColour.END):
        return Swatch(wheel(palette), is_wheel=True)
    if by in (ParticleColour.SPEED, ParticleColour.LOG_DENSITY):
        return Swatch(ramp_swatches())
    return Swatch(time_swatches(palette)) if by is ParticleColour.TIME else None


def _labels(standing: Standing, document: Document, results: Results) -> Iterator[Legend]:
    """Which colour is which label, where they have names."""
    moving = standing.shown["trajectories"].request
    by_label = document.view.particle_colour is ParticleColour.LABEL
    if not by_label or not isinstance(moving, TrajectoriesRequest):
        return
    names = moving.problem.target.names_of_labels
    if not names or results.cached(LabelsRequest(moving)) is None:
        return
    for name, colour in zip(names[:MOST_NAMES], label_swatches(len(names)), strict=False):
        yield Legend(f"label {name}", "", colour, answers=moving)
    if len(names) > MOST_NAMES:
        yield Legend("labels", f"and {len(names) - MOST_NAMES} more", answers=moving)


def _axes(experiment: Experiment) -> str:
    return "in units of the plane" if experiment.problem.units.are_plane else "in units of the file"


def _grid(experiment: Experiment) -> str:
    if experiment.dynamics.is_flow:
        return "a square grid, carried by the flow"
    return "only a flow without noise warps a grid"


def _density(standing: Standing) -> Iterator[Legend]:
    shown, request = _said_of(standing, "density")
    if problem := standing.problems.get("density"):
        yield Legend("density", problem, answers=request)
    elif isinstance(request, DensityRequest):
        name, text = _way(request)
        yield Legend(name, text + _part_done(shown, request), answers=request)


def _said_of(standing: Standing, kind: str) -> tuple[Shown | None, Request | None]:
    """What is shown, and its request; or what is to come."""
    shown = standing.shown.get(kind)
    return shown, standing.resolved.asks.get(kind) if shown is None else shown.request


def _way(request: DensityRequest) -> tuple[str, str]:
    """How a density was had: the name of the entry, and its words."""
    method = request.method.facts
    return method.meaning.value, method.legend.format(**_facts(request))


def _facts(request: DensityRequest) -> dict[str, str]:
    """What the sentences of the methods leave open."""
    moving = request.trajectories
    noisy = moving is not None and not moving.dynamics.is_flow
    p_t = "p_data" if len(request.times) == 1 else "pₜ"
    return {
        "law": p_t if request.law is None else "law of the process",
        "whose": "v" if request.learned is not None else "uₜ",
        "equation": "Fokker–Planck" if noisy else "continuity",
        "cells": f"{FOKKER_PLANCK_CELLS} × {FOKKER_PLANCK_CELLS}",
    }


def _part_done(shown: Shown | None, request: DensityRequest) -> str:
    """How far a slow computation has come, in tenths; of a quick one, whether it has begun."""
    ready, rows = (shown.job.result.ready, shown.job.result.shape[0]) if shown is not None else (0, 1)
    if not is_slow(request):
        return "" if ready else " …"
    return "" if ready >= rows else f" · {10 * (10 * ready // rows)}% done"


def _arrows(standing: Standing) -> Iterator[Legend]:
    shown, request = _said_of(standing, "field")
    if problem := standing.problems.get("field"):
        yield Legend("field", problem, answers=request)
    elif isinstance(request, FieldRequest):
        facts = request.quantity.facts
        text = facts.exact if request.learned is None else facts.learned
        still = request.quantity is Quantity.SCORE and len(request.times) == 1
        text = text.replace("pₜ", "p_data") if still else text
        text += ", as streaks" if standing.resolved.pane.streaks else ""
        text += WITH_MASS if shown is not None and is_masked(shown.job) else ""
        yield Legend("field", text if shown is not None else f"{text} …", answers=request)


_AT_THE_END = "to p_data at the end:"
"""One figure for all moments, so it says of which it is."""


def _distance(standing: Standing) -> Iterator[Legend]:
    """The figure of the particles that are shown, as they arrive; "–" while it is not known."""
    if not measures(standing):
        return
    told = distance(standing)
    if told is None:
        yield Legend("W₂", f"{_AT_THE_END} –")
    else:
        of = f", at step {told.step:,}" if told.step is not None else ""
        figures = distance_words(told.w2, told.floor)
        unbroken = figures if told.is_chance else figures.replace(" ", "\N{NO-BREAK SPACE}")
        text = f"{_AT_THE_END} {unbroken}{of}"
        yield Legend("W₂", text, answers=told.request)


def notice(standing: Standing, results: Results) -> str:
    """Why a pane is empty, in one sentence; '' if it is not."""
    pane = standing.resolved
    for note in hopeless(pane.experiment):
        return note.text
    return (
        what_lacks(pane, results)
        or standing.problems.get("trajectories", "")
        or standing.problems.get("density", "")
    )


def waiting(standing: Standing) -> str:
    """What is computed while what is dimmed, or missing, waits for it; '' where nothing does."""
    dimmed = (one for one in standing.shown.values() if one.is_dimmed and not is_slow(one.request))
    if not standing.missing and not any(dimmed):  # how far what is slow has come, the legend says
        return ""
    named = list(dict.fromkeys(_WAITED[kind] for kind in standing.missing if kind in _WAITED))
    *most, last = named or ["what is asked"]
    return f"Computing {', '.join(most)}{' and ' if most else ''}{last}\N{NO-BREAK SPACE}…"


_WAITED = {
    "trajectories": "the particles",
    "density": "the density",
    "field": "the field",
    "grid": "the grid",
    "reference": "the reference paths",
    "pairs": "the pairs",
    "data": "the data",
}
