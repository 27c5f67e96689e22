"""Switching guidance on and off: edits that reach every pane. GUI thread."""

from __future__ import annotations

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.studio.session import Session


def guidances(document: Document) -> tuple[GuidanceSpec | None, ...]:
    """The different guidances of the panes that one may have; none where no pane may."""
    experiments = (document.experiment(index) for index in range(len(document.view.panes)))
    return tuple(dict.fromkeys(e.guidance for e in experiments if may_be_guided(e)))


def may_be_guided(experiment: Experiment) -> bool:
    """A field that moves particles towards a labelled target."""
    by_path = not experiment.is_learned or experiment.training.objective.facts.uses_path
    joined = not experiment.coupling.is_plain
    return experiment.target.is_labelled and experiment.dynamics.uses_field and by_path and not joined


def label_names(document: Document) -> tuple[str, ...]:
    """What the labels of all guided targets are called in their file; () where they have numbers alone."""
    shown = (document.experiment(index) for index in range(len(document.view.panes)))
    named = {e.target.names_of_labels for e in shown if may_be_guided(e)}
    return named.pop() if len(named) == 1 else ()


def choose(session: Session, method: GuidanceMethod | None) -> None:
    """Guide all panes by this method, or (None) none. Label and scale stay as they are, pane by pane.

    Without a classifier the network has to know labels: a model of another shape."""
    label = "Guide the particles" if method is not None else "No guidance"
    session.store.edit(lambda document: chosen(document, method), label)


def chosen(document: Document, method: GuidanceMethod | None) -> Document:
    """The document as ``choose`` leaves it."""
    shape = {"conditional": method is GuidanceMethod.CLASSIFIER_FREE}
    of_shape = document.everywhere("model", lambda model: model.model_copy(update=shape))
    guided = of_shape.model_copy(update={"guidance": of_shape.guidance or GuidanceSpec()})
    return guided.everywhere("guidance", lambda guidance: _by(guidance, method))


def _by(guidance: GuidanceSpec, method: GuidanceMethod | None) -> GuidanceSpec | None:
    return None if method is None else guidance.model_copy(update={"method": method})
