"""The words in and around a pane: title, legend, notice. They say what is computed, never more."""

from __future__ import annotations

from collections.abc import Iterator

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.dynamics import SOLVER_TITLES, LangevinSpec
from fmstudio.document.specs.view import FieldChoice, ParticleColour
from fmstudio.engine.messages import DensityMethod, DensityRequest
from fmstudio.render.scene import Legend
from fmstudio.studio.planner import model_key
from fmstudio.studio.results import Results, Slot

_COLOURS = {
    ParticleColour.ORIGIN: "where each particle began",
    ParticleColour.SPEED: "speed, blue slow to yellow fast",
    ParticleColour.PLAIN: "all particles alike",
}


def title(own: str, experiment: Experiment) -> str:
    """The pane's own title, or the motion's."""
    return own or str(experiment.dynamics.title)


def subtitle(experiment: Experiment) -> str:
    """Path, solver, steps; and whose field it is, if not the exact one."""
    solver = SOLVER_TITLES[experiment.dynamics.solver]
    learned = " · learned field" if experiment.field is FieldChoice.LEARNED else ""
    return f"{experiment.path.title} · {solver}, {experiment.simulation.steps} steps{learned}"


def legend(document: Document, results: Results, pane: int) -> Iterator[Legend]:
    """What each visible layer is, and the pane's W2."""
    on = document.view.panes[pane].layers
    experiment = document.experiment(pane)
    if on.density:
        yield from _density(results.slots.get(f"density/{pane}"))
    if on.field and f"field/{pane}" in results.slots:
        whose = "learned" if experiment.field is FieldChoice.LEARNED else "exact"
        what = "score of p_data" if isinstance(experiment.dynamics, LangevinSpec) else "velocity uₜ"
        yield Legend("field", f"{whose} {what}")
    if on.particles and f"trajectories/{pane}" in results.slots:
        yield Legend("colour", _COLOURS[document.view.particle_colour])
    yield from _distance(results.slots.get(f"measure/{pane}"))


def _density(slot: Slot | None) -> Iterator[Legend]:
    request = slot.request if slot is not None else None
    if not isinstance(request, DensityRequest):
        return
    if request.method is DensityMethod.EXACT:
        yield Legend("density", "exact p_data" if len(request.times) == 1 else "exact pₜ")
    else:
        what = "the particles" if request.trajectories is not None else "samples of pₜ"
        yield Legend("density", f"KDE of {what}")


def _distance(slot: Slot | None) -> Iterator[Legend]:
    job = slot.at(0) if slot is not None else None
    if job is not None:
        distance, floor = (float(value) for value in job.result.values[0])
        yield Legend("W₂", f"to p_data at the end {distance:.3f} (sampling floor {floor:.3f})")


def notice(experiment: Experiment, results: Results, pane: int) -> str:
    """Why a pane is empty, in one sentence; '' if it is not."""
    key = model_key(experiment)
    if experiment.field is FieldChoice.LEARNED and key not in results.models:
        training = results.training
        return "Training…" if training.is_active and training.key == key else "No model yet. Press Train."
    if experiment.field is FieldChoice.EXACT and key in results.no_closed_form:
        return results.no_closed_form[key]
    slot = results.slots.get(f"trajectories/{pane}")
    return slot.problem if slot is not None else ""
