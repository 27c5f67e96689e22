"""Are the figures and curves of the right column those of what is asked?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np

from fmstudio.bench.monkey.asking import is_of
from fmstudio.bench.monkey.checks.registry import check
from fmstudio.bench.monkey.checks.words import figures_in, is_told, true_distances
from fmstudio.bench.monkey.seen import PaneSeen, Seen, alike
from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.density import DensityMethod
from fmstudio.engine.messages import DensityRequest, FieldErrorRequest, ProbeRequest, Request
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.plots.equation import EquationLabel, EquationPanel
from fmstudio.gui.plots.field_error import FieldErrorPanel
from fmstudio.gui.plots.loss import LossPanel
from fmstudio.gui.plots.marginals import MarginalsPanel
from fmstudio.gui.plots.metrics import MetricsPanel
from fmstudio.gui.plots.probe import ProbePanel
from fmstudio.studio import learning
from fmstudio.studio.equations import equations_of

P = TypeVar("P", bound=Panel)
PACE = 0.8
"""Plots are redrawn four times a second."""


def _panel(seen: Seen, kind: type[P]) -> P | None:
    """The panel of that kind, if it is on show."""
    found = seen.window.findChild(kind)
    if found is None or found.isHidden():
        return None
    return found


@check("the W2 panel shows what is drawn", patience=0.3)
def metrics(seen: Seen) -> Iterator[str]:
    panel = _panel(seen, MetricsPanel)
    for name, value, ground in panel.rows if panel is not None else ():
        title = name.toolTip() or name.text()
        if name.isHidden() or value.text() == "–":
            continue
        full = value.accessibleName().removeprefix(f"{title}: ")  # a title may hold figures
        told = f"{value.text()} {ground.text()} {full}"
        if not figures_in(told):
            yield f"the W2 panel says “{told}” of “{title}”, without a figure"
        known = [
            each for pane in seen.panes if pane.drawn.title == title for each in true_distances(seen, pane)
        ]
        if figures_in(told) and not any(is_told(told, figures) for figures in known):
            yield f"the W2 panel says {value.text()}, {ground.text()} of “{title}”; known: {known}"


@check("marginals say how they were had", patience=PACE)
def marginal_words(seen: Seen) -> Iterator[str]:
    panel = _panel(seen, MarginalsPanel)
    if panel is None:
        return
    words = re.sub(r"<[^>]+>", "", panel.legend.text())
    methods = {request.method for pane in seen.panes for request in _densities(seen, pane)}
    for sign, method in (("exact", DensityMethod.EXACT), ("KDE", DensityMethod.KDE)):
        if re.search(rf"{sign}(?! field)", words) and method not in methods:
            yield f"marginals say “{words}”, densities are had by {', '.join(sorted(methods)) or 'nothing'}"


@check("marginals are those of what is asked", patience=PACE)
def marginal_curves(seen: Seen) -> Iterator[str]:
    panel = _panel(seen, MarginalsPanel)
    if panel is None:
        return
    known = [curve for pane in seen.panes for curve in _marginals(seen, pane)]
    for number, line in enumerate(panel.present):
        if not line.isVisible():
            continue
        _, drawn = line.getData()
        if drawn is None or not len(drawn):
            continue
        fits = (len(curve) == len(drawn) and np.allclose(curve, drawn, rtol=1e-3) for curve in known)
        if not any(fits):
            yield f"marginal curve {number + 1} is of no density that is asked"


def _densities(seen: Seen, pane: PaneSeen) -> list[DensityRequest]:
    """What is asked, and what is drawn, or stands faintly in the chart, while that has not come."""
    stands = seen.session.stage.shown(pane.index, "density")
    old = stands.request if stands is not None and stands.is_waiting else None
    said = (old, pane.wanted.get("density"), *(layer.answers for layer in pane.drawn.layers))
    return [request for request in said if isinstance(request, DensityRequest)]


def _marginals(seen: Seen, pane: PaneSeen) -> Iterator[Any]:
    """Every row of these that is there, summed over y."""
    asked = _densities(seen, pane)
    for job in seen.jobs():
        request = job.request
        if isinstance(request, DensityRequest) and any(alike(request, each, seen.trains) for each in asked):
            for row in range(job.result.ready):
                yield job.result.values[row].sum(axis=0, dtype=np.float64) * _cell(request)


def _cell(request: DensityRequest) -> float:
    ys = request.grid.ys
    return float(ys[1] - ys[0])


@check("the probe tells what is asked here", patience=1.5)
def probe(seen: Seen) -> Iterator[str]:
    panel, place = _panel(seen, ProbePanel), seen.session.probed
    if panel is None or place is None or place.pane >= len(seen.panes):
        return
    asked = seen.session.planner.wanted.get(f"probe/{place.pane}")
    texts = {key: label.text() for key, label in panel.values.items() if label.isVisible()}
    told = {key: text for key, text in texts.items() if figures_in(text)}
    if not isinstance(asked, ProbeRequest):
        if told:
            yield f"the probe tells {told} although nothing can be asked there"
        return
    dynamics = seen.panes[place.pane].experiment.dynamics
    if dynamics.moved_by != "velocity" and {"velocity", "divergence", "mean"} & set(told):
        yield f"the probe tells {told} although {dynamics.title} does not move by the velocity"
    known = [job for job in seen.jobs() if isinstance(job.request, ProbeRequest) and job.result.ready]
    alike_ones = [job for job in known if alike(job.request, asked, seen.trains)]
    if told and not alike_ones:
        yield f"the probe tells {told} of another path, motion or field"
    elif told and not any(_probe_fits(job, texts) for job in alike_ones):
        yield f"the probe tells {told}, no answer of it says so"


def _probe_fits(job: Any, texts: dict[str, str]) -> bool:
    """The figures on show are those of the answer, in the units of the file that an end came from."""
    moving, here = job.request.moving, float(job.result.values[0][0])
    density = texts.get("density", "")
    if density and density != "–" and math.isfinite(here):
        true = here / moving.problem.units.scale**2
        return math.isclose(float(density), true, rel_tol=0.01, abs_tol=1e-9)
    return True


@check("the loss is of a model that matters", patience=0.3)
def loss(seen: Seen) -> Iterator[str]:
    panel, results = _panel(seen, LossPanel), seen.session.results
    run = panel.shown if panel is not None and not results.is_training else None
    shown = run.recipe if run is not None else None
    if shown is None:
        return
    asked: list[Experiment | Document] = [seen.document, *(pane.experiment for pane in seen.panes)]
    if shown not in learning.needed(seen.document) and not any(is_of(shown, each) for each in asked):
        yield "the training loss is of a model that nothing asks for"


@check("the error curve is of the model that is drawn", patience=PACE)
def field_error(seen: Seen) -> Iterator[str]:
    panel = _panel(seen, FieldErrorPanel)
    if panel is None:
        return
    _, drawn = panel.curve.getData()
    if drawn is None or not len(drawn):
        return
    asked = [pane.wanted.get("error") for pane in seen.panes]
    # Where snapshots come fast, that of a moment ago is drawn, and no lane has it any more.
    jobs = [job for job in seen.jobs() if job.request == panel.request]
    fits = [np.allclose(job.result.values[: len(drawn), 0], drawn, rtol=1e-3) for job in jobs]
    if not _is_error_of(panel.request, asked) or (fits and not any(fits)):
        yield "the curve of learned less exact is of no model that is asked"


def _is_error_of(request: object, asked: list[Request | None]) -> bool:
    """Of a model that is asked, or of an earlier snapshot of it."""
    return isinstance(request, FieldErrorRequest) and any(alike(request, one, True) for one in asked)


@check("equations are those of the motions", patience=0.1)
def equations(seen: Seen) -> Iterator[str]:
    panel = _panel(seen, EquationPanel)
    if panel is None:
        return
    now = [seen.document.experiment(index) for index in range(len(seen.panes))]
    shown = [pane.experiment for pane in seen.panes]
    drawn = [label.text() for well in panel.wells for label in well.findChildren(EquationLabel)]
    if drawn not in (_markup(now), _markup(shown)):
        yield f"the equations are not those of {', '.join(each.dynamics.title for each in now)}"


def _markup(experiments: list[Experiment]) -> list[str]:
    shown = [equation for each in experiments for equation in equations_of(each)]
    return [equation.markup for equation in dict.fromkeys(shown)]
