"""Do the words of a pane say what is drawn in it?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from fmstudio.bench.monkey.asking import essence
from fmstudio.bench.monkey.checks.registry import check
from fmstudio.bench.monkey.seen import PaneSeen, Seen, alike
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS, SOLVER_TITLES
from fmstudio.document.specs.path import PATHS
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    TrajectoriesRequest,
    W2Request,
)
from fmstudio.render.scene import Legend, ParticleLayer, TrailLayer
from fmstudio.studio.measures import CHANCE, is_chance
from fmstudio.studio.written import figure

_METHOD_SIGNS = {
    DensityMethod.EXACT: "exact",
    DensityMethod.KDE: "KDE",
    DensityMethod.LIKELIHOOD: "exact trace",
    DensityMethod.LIKELIHOOD_HUTCHINSON: "Hutchinson",
    DensityMethod.FOKKER_PLANCK: "solved on a grid",
}
"""A word that the legend has if, and only if, the density was had so."""
_QUANTITY_SIGNS = {
    Quantity.SCORE: "score",
    Quantity.DRIFT: "drift",
    Quantity.FLUX: "flux",
    Quantity.NAIVE_AVERAGE: "naive average",
}
_MASK = "where pₜ has mass"
CHANCE_WORDS = "within sampling noise"
_FIGURES = re.compile(r"(?<![\w.])\d+\.\d+(?:e-?\d+)?")


def figures_in(text: str) -> list[str]:
    """The decimal numbers of a text, as they are written."""
    return _FIGURES.findall(text)


@check("a title is the pane's own or its motion's")
def titles(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        asked = pane.spec.title or str(pane.experiment.dynamics.title)
        if pane.drawn.title != asked:
            yield f"pane {pane.index + 1} is headed “{pane.drawn.title}”, asked is “{asked}”"


@check("a subtitle names the solver, the steps and the path that run")
def subtitles(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        text, dynamics = pane.drawn.subtitle, pane.experiment.dynamics
        named = {part.split(",")[0] for part in text.split(" · ")} & set(SOLVER_TITLES.values())
        if named - {SOLVER_TITLES[dynamics.solver]}:
            yield f"{pane.name} says “{text}”, its solver is {SOLVER_TITLES[dynamics.solver]}"
        steps = re.search(r"(\d+)(?: × (\d+))? steps?\b", text)
        if steps is not None:
            asked = pane.experiment.simulation.steps
            substeps = getattr(dynamics, "substeps", 1)
            if int(steps[1]) != asked or int(steps[2] or 1) != substeps:
                yield f"{pane.name} says “{text}”, asked are {asked} × {substeps} steps"
        yield from (f"{pane.name} says “{text}” above an old picture: {what}" for what in pane.mixed[:2])
        first = text.split(" · ")[0]
        others = {spec.title for spec in PATHS} - {pane.experiment.path.title}
        if first in others:
            yield f"{pane.name} says “{text}”, its path is {pane.experiment.path.title}"
        if pane.experiment.field is FieldChoice.EXACT and "learned field" in text:
            yield f"{pane.name} says “{text}”, its field is exact"


@check("the legend speaks of what is asked")
def legend_answers(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        said = (*pane.wanted.values(), *(layer.answers for layer in pane.drawn.layers if layer.is_waiting))
        known = [essence(request, True) for request in said]
        for entry in pane.drawn.legend:
            if entry.answers is not None and essence(entry.answers, True) not in known:
                yield f"{pane.name}: “{entry.name} {entry.text}” speaks of what is not asked any more"


@check("the legend says how the density was had")
def density_words(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        for entry in _entries(pane, "density"):
            asked = entry.answers or pane.wanted.get("density")
            if not isinstance(asked, DensityRequest):
                yield f"{pane.name}: “density {entry.text}” although none is asked"
                continue
            slot = seen.session.results.slots.get(f"density/{pane.index}")
            if slot is not None and entry.text == slot.problem:
                continue
            for method, sign in _METHOD_SIGNS.items():
                if sign in entry.text and method is not asked.method:
                    if method is DensityMethod.EXACT and "exact trace" in entry.text:
                        continue
                    yield f"{pane.name}: “density {entry.text}” although it is had by {asked.method}"


@check("the legend says whose arrows they are")
def arrow_words(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        for entry in _entries(pane, "field"):
            asked = entry.answers or pane.wanted.get("field")
            if not isinstance(asked, FieldRequest):
                yield f"{pane.name}: “field {entry.text}” although none is asked"
                continue
            job = seen.answer(asked)
            told = _MASK in entry.text
            if job is not None and told is not bool(np.isnan(job.result.values).any()):
                yield f"{pane.name}: “field {entry.text}” although {'none' if told else 'some'} is left out"
            if "learned" in entry.text and asked.learned is None:
                yield f"{pane.name}: “field {entry.text}” although the field is exact"
            if entry.text.startswith("exact") and asked.learned is not None:
                yield f"{pane.name}: “field {entry.text}” although the field is learned"
            for quantity, sign in _QUANTITY_SIGNS.items():
                if (sign in entry.text) is not (quantity is asked.quantity):
                    yield f"{pane.name}: “field {entry.text}” although the arrows are {asked.quantity}"


@check("a W2 is that of what is drawn")
def distances(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        known = true_distances(seen, pane)
        for entry in _entries(pane, "W₂"):
            told = figures_in(entry.text) or CHANCE_WORDS in entry.text
            if told and not any(is_told(entry.text, figures) for figures in known):
                yield f"{pane.name}: “W₂ {entry.text}”, known are {known or 'none'} of what is asked"


def true_distances(seen: Seen, pane: PaneSeen) -> list[tuple[str, ...]]:
    """W2 and floor of the particles that a pane shows, as they are written; of the snapshots of its model,
    each with its training step."""
    moving = pane.wanted.get("trajectories")
    asked = next((layer.answers for layer in pane.certain() if isinstance(layer, ParticleLayer)), moving)
    stands = seen.session.stage.shown(pane.index, "trajectories")
    drawn = (
        stands.request if stands is not None else None
    )  # maybe of an earlier snapshot, while that is asked
    found = []
    for job in (*seen.jobs(), seen.answer(pane.wanted.get("measure"))):
        request = job.request if job is not None else None
        if job is None or not isinstance(request, W2Request) or not job.result.ready:
            continue
        if alike(request.trajectories, asked, any_snapshot=True):
            figures = _as_written(request.trajectories, job.result.values[0, :2].tolist())
            model = request.trajectories.learned
            is_same = model is None or any(alike(request.trajectories, each) for each in (asked, drawn))
            found.append(figures if is_same or model is None else (*figures, f"step {model.step:,}"))
    return found


def _as_written(moving: TrajectoriesRequest, values: list[float]) -> tuple[str, ...]:
    """Distances in the units of the file that an end came from."""
    return tuple(figure(moving.problem.units.scale * value) for value in values)


def is_told(text: str, known: tuple[str, ...]) -> bool:
    """All figures of the text are known, a snapshot's step is named, and chance is told where it is one."""
    if "–" not in known and not _is_close_call(known) and (CHANCE_WORDS in text) is not _is_chance(known):
        return False
    steps = [figure for figure in known if figure.startswith("step")]
    return all(figure in known for figure in figures_in(text)) and all(step in text for step in steps)


def _is_chance(known: tuple[str, ...]) -> bool:
    return is_chance(float(known[0]), float(known[1]))


def _is_close_call(known: tuple[str, ...]) -> bool:
    """The rounded figures do not tell on which side of chance it is."""
    w2, most = float(known[0]), CHANCE * float(known[1])
    return abs(w2 - most) < 0.02 * most


@check("a notice does not stand over what it denies")
def notices(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        slot = seen.session.results.slots.get(f"trajectories/{pane.index}")
        denies = (
            not pane.is_old
            and pane.drawn.notice
            and (
                (slot is not None and pane.drawn.notice == slot.problem)
                or pane.drawn.notice.startswith(("Training", "No model", "To be trained"))
            )
        )
        for layer in pane.certain() if denies else ():
            moves = isinstance(layer.answers, TrajectoriesRequest)
            if moves and isinstance(layer, ParticleLayer | TrailLayer):
                yield f"{pane.name}: “{pane.drawn.notice}” stands over {type(layer).__name__}s that go on"
                break


@check("a notice is of what is asked", settled=True)
def notices_hold(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        lane = f"trajectories/{pane.index}"
        slot = seen.session.results.slots.get(lane)
        if pane.is_blank or pane.is_old or slot is None:
            continue
        if slot.problem and not pane.drawn.notice and lane in seen.session.planner.wanted:
            yield f"{pane.name}: its simulation was refused (“{slot.problem}”) and nothing says so"
        if not slot.problem and "trajectories" in pane.wanted and pane.drawn.notice and not pane.waits():
            yield f"{pane.name}: “{pane.drawn.notice}” although its simulation is there"


_STEPS = re.compile(r"\b(\d+) steps?\b")
_SIGMA = re.compile(r"σ = ([\d.]+)")


@check("a pane's own title is true of it")
def own_titles(seen: Seen) -> Iterator[str]:
    """It was given when the pane was made; what was changed since may have made it false."""
    motions = {str(spec.title) for spec in (*DYNAMICS, *MORE_DYNAMICS)}
    for pane in seen.panes:
        title, experiment = pane.spec.title, pane.experiment
        if title in motions and title != experiment.dynamics.title:
            yield f"pane {pane.index + 1} is headed “{title}” and moves by {experiment.dynamics.title}"
        if title in SOLVER_TITLES.values() and title != SOLVER_TITLES[experiment.dynamics.solver]:
            yield f"pane {pane.index + 1} is headed “{title}” and solved by {experiment.dynamics.solver}"
        if title in ("Exact", "Learned") and title.lower() != experiment.field.value:
            yield f"pane {pane.index + 1} is headed “{title}” and shows the {experiment.field} field"
        true = getattr(experiment.dynamics, "sigma", None)
        steps = [experiment.simulation.steps, *([pane.spec.training.steps] if pane.spec.training else ())]
        for pattern, values in ((_STEPS, steps), (_SIGMA, [] if true is None else [true])):
            told = pattern.search(title)
            if told is not None and values and float(told[1]) not in values:
                yield f"pane {pane.index + 1} is headed “{title}”, true is {values[0]}"


def _entries(pane: PaneSeen, name: str) -> Iterator[Legend]:
    """The lines of that name."""
    for entry in pane.drawn.legend:
        if entry.name == name:
            yield entry
