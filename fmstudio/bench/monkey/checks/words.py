"""Do the words of a pane say what is drawn in it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fmstudio.bench.monkey.checks.paint import essence
from fmstudio.bench.monkey.checks.registry import check
from fmstudio.bench.monkey.seen import PaneSeen, Seen
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS, SOLVER_TITLES
from fmstudio.document.specs.path import PATHS
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import DensityMethod, DensityRequest, FieldRequest, Quantity, Refusal
from fmstudio.render.scene import Legend, ParticleLayer, TrailLayer

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
_FIGURES = re.compile(r"(?<![\w.])\d+\.\d+")


def figures_in(text: str) -> list[str]:
    """The decimal numbers of a text, as they are written."""
    return _FIGURES.findall(text)


@check("a pane stands for what is asked, or says that it waits", patience=0.6)
def stands_for(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        if not pane.waits() and pane.experiment != seen.document.experiment(pane.index):
            yield f"{pane.name} stands for what was asked before, and shows no sign of it"


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
        first = text.split(" · ")[0]
        others = {spec.title for spec in PATHS} - {pane.experiment.path.title}
        if first in others:
            yield f"{pane.name} says “{text}”, its path is {pane.experiment.path.title}"
        if pane.experiment.field is FieldChoice.EXACT and "learned field" in text:
            yield f"{pane.name} says “{text}”, its field is exact"


@check("the legend speaks of what is asked")
def legend_answers(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        asked = [essence(request, seen.trains) for request in pane.wanted.values()]
        for entry in pane.drawn.legend:
            if entry.answers is not None and essence(entry.answers, seen.trains) not in asked:
                yield f"{pane.name}: “{entry.name} {entry.text}” speaks of what is not asked any more"


@check("the legend says how the density was had")
def density_words(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        asked = pane.wanted.get("density")
        for entry in _entries(pane, "density"):
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
        asked = pane.wanted.get("field")
        for entry in _entries(pane, "field"):
            if not isinstance(asked, FieldRequest):
                yield f"{pane.name}: “field {entry.text}” although none is asked"
                continue
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
        true = true_distance(seen, pane)
        for entry in _entries(pane, "W₂"):
            told = figures_in(entry.text)
            if any(figure not in true for figure in told):
                yield f"{pane.name}: “W₂ {entry.text}”, known are {true or 'none'} of what is asked"


def true_distance(seen: Seen, pane: PaneSeen) -> list[str]:
    """The W2 and its floor of the simulation that is asked, as they are written; none while not known."""
    moving = pane.wanted.get("trajectories")
    jobs = (*seen.jobs(), seen.answer(pane.wanted.get("measure")))
    for job in jobs:
        asked: Any = job.request if job is not None else None
        if asked is None or type(asked).__name__ != "W2Request" or job is None or not job.result.ready:
            continue
        if moving is not None and asked.trajectories == moving:
            return [f"{float(value):.3f}" for value in job.result.values[0]]
    return []


@check("a notice does not stand over what it denies")
def notices(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        slot = seen.session.results.slots.get(f"trajectories/{pane.index}")
        denies = pane.drawn.notice and (
            (slot is not None and pane.drawn.notice == slot.problem)
            or pane.drawn.notice.startswith(("Training", "No model", "To be trained"))
        )
        for layer in pane.certain() if denies else ():
            if isinstance(layer, ParticleLayer | TrailLayer):
                yield f"{pane.name}: “{pane.drawn.notice}” stands over {type(layer).__name__}s that go on"
                break


@check("a notice is of what is asked", settled=True)
def notices_hold(seen: Seen) -> Iterator[str]:
    for pane in seen.panes:
        lane = f"trajectories/{pane.index}"
        slot = seen.session.results.slots.get(lane)
        if pane.is_blank or slot is None:
            continue
        failed = slot.problem and slot.refusal not in (None, Refusal.NO_CLOSED_FORM)
        if failed and not pane.drawn.notice and lane in seen.session.planner.wanted:
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
        for pattern, value in ((_STEPS, experiment.simulation.steps), (_SIGMA, true)):
            told = pattern.search(title)
            if told is not None and value is not None and float(told[1]) != value:
                yield f"pane {pane.index + 1} is headed “{title}”, true is {value}"


def _entries(pane: PaneSeen, name: str) -> Iterator[Legend]:
    """The lines of that name."""
    for entry in pane.drawn.legend:
        if entry.name == name:
            yield entry
