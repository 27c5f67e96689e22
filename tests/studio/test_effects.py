"""A control that is offered changes something of what is shown; one that is dimmed says why, and does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.coupling import BridgeSpec
from fmstudio.document.specs.distribution import EightGaussiansSpec, FiveModesSpec, GaussianMixtureSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.path import PATHS, CondOTSpec, VESpec, VPSpec
from fmstudio.document.specs.training import MODEL_OBJECTIVES, Coupling, Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, LayersSpec, PaneSpec, ViewSpec
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio import learning
from fmstudio.studio.effects import Control, idle, idle_layer
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode, Place
from tests.fakes import FakeEngine

KINDS = (*m.DYNAMICS, *m.MORE_DYNAMICS)
EVERYTHING = LayersSpec(**dict.fromkeys(LayersSpec.model_fields, True))
LAYERS = (LayersSpec(), EVERYTHING)


@lru_cache(maxsize=1024)
def asked(document: Document) -> frozenset[object]:
    """All that is asked for what is shown: the requests of the panes, with whatever models they need."""
    session = Session(FakeEngine(), document, lambda _: None)
    for recipe in learning.needed(document):
        session.results.models[recipe] = LearnedModel(
            recipe.model,
            recipe.training.objective,
            FrozenArray(np.zeros(4, np.float32)),
            1,
            recipe.problem,
            recipe.training,
        )
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(Place(0.5, 0.25, 0))
    session.tick(0.0)
    wanted: set[object] = {item for item in session.planner.wanted.items() if "thumbnail" not in item[0]}
    session.close()
    return frozenset(wanted | set(learning.needed(document)))


def with_panes(document: Document, change: Callable[[PaneSpec], PaneSpec]) -> Document:
    panes = tuple(change(pane) for pane in document.view.panes)
    return document.model_copy(update={"view": document.view.model_copy(update={"panes": panes})})


def set_layers(pane: PaneSpec, layers: LayersSpec) -> PaneSpec:
    return pane.model_copy(update={"layers": layers})


def dynamics_of(document: Document, pane: PaneSpec) -> Any:
    return pane.dynamics or document.dynamics


def other_solver(document: Document) -> Document:
    """Another solver, in every pane that has a choice."""

    def change(pane: PaneSpec) -> PaneSpec:
        now = dynamics_of(document, pane)
        names = get_args(type(now).model_fields["solver"].annotation)
        other = names[(names.index(now.solver) + 1) % len(names)]
        return pane.model_copy(update={"dynamics": now.model_copy(update={"solver": other})})

    return with_panes(document, change)


def other_field(document: Document) -> Document:
    flip = {FieldChoice.EXACT: FieldChoice.LEARNED, FieldChoice.LEARNED: FieldChoice.EXACT}
    return with_panes(document, lambda pane: pane.model_copy(update={"field": flip[pane.field]}))


def other_label(document: Document) -> Document:
    return document.model_copy(update={"guidance": document.guidance.model_copy(update={"label": 2})})


def replaced(part: str, value: object) -> Callable[[Document], Document]:
    return lambda document: document.model_copy(update={part: value})


def other_coupling(document: Document) -> Document:
    training = document.training.model_copy(update={"coupling": Coupling.OT})
    return document.model_copy(update={"training": training})


CHANGES: dict[Control, Callable[[Document], Document]] = {
    Control.SOURCE: replaced("source", GaussianMixtureSpec()),
    Control.TARGET: replaced("target", FiveModesSpec()),
    Control.PATH: replaced("path", VPSpec(beta_max=12.0)),
    Control.FIELD: other_field,
    Control.JOINING: replaced("coupling", BridgeSpec()),
    Control.COUPLING: other_coupling,
    Control.SOLVER: other_solver,
    Control.NOISE_SEED: replaced("simulation", m.SimulationSpec(noise_seed=99)),
    Control.GUIDANCE: replaced("guidance", GuidanceSpec()),
    Control.LABEL: other_label,
}


def documents() -> Iterator[Document]:
    """Every motion, alone, with every field, objective and set of layers."""
    for kind, field, objective, layers in product(KINDS, FieldChoice, MODEL_OBJECTIVES, LAYERS):
        if field is FieldChoice.EXACT and objective is not Objective.CFM:
            continue
        yield document_of(kind(), field=field, objective=objective, layers=layers)
    yield document_of(m.SDESpec(sigma=0.0))
    for path, kind in product((VESpec(), VPSpec()), KINDS):
        yield document_of(kind()).model_copy(update={"path": path})


def document_of(
    *dynamics: Motion,
    field: FieldChoice = FieldChoice.EXACT,
    objective: Objective = Objective.CFM,
    layers: LayersSpec = EVERYTHING,
) -> Document:
    panes = tuple(PaneSpec(dynamics=each, field=field, layers=layers) for each in dynamics)  # type: ignore[arg-type]
    return Document(
        target=EightGaussiansSpec(),
        path=CondOTSpec(),
        training=TrainingSpec(objective=objective),
        view=ViewSpec(panes=panes),
    )


def side_by_side() -> Iterator[Document]:
    for first, second in product(KINDS, (m.ODESpec, m.LangevinSpec, m.BrownianMotionSpec)):
        if first is not second:
            yield document_of(first(), second())
            yield document_of(first(), second(), field=FieldChoice.LEARNED)


def check(document: Document, control: Control) -> None:
    if control is Control.LABEL:
        for scale in (0.0, 1.0):
            guided = document.model_copy(update={"guidance": GuidanceSpec(scale=scale, label=1)})
            check_change(guided, control)
    else:
        check_change(document, control)


def check_change(document: Document, control: Control) -> None:
    reason = idle(document, control)
    changes = asked(CHANGES[control](document)) != asked(document)
    about = f"{control}: {reason!r}, {[p.dynamics for p in document.view.panes]}"
    assert changes is (not reason), about
    assert not reason or reason.endswith("."), about


@pytest.mark.parametrize("control", Control)
def test_that_a_control_acts_exactly_where_it_is_offered(control: Control) -> None:
    for document in documents():
        check(document, control)


@pytest.mark.parametrize("control", [control for control in Control if control is not Control.SOLVER])
def test_that_beside_each_other_a_control_acts_if_it_does_in_any_pane(control: Control) -> None:
    for document in side_by_side():
        check(document, control)


@pytest.mark.parametrize("layer", ["density", "field", "data", "couplings", "grid", "reference"])
def test_that_a_layer_shows_something_exactly_where_its_switch_is_offered(layer: str) -> None:
    for document in (one for one in documents() if one.view.panes[0].layers is EVERYTHING):
        # Contours are of the density: they ask for it too.
        off = document.view.panes[0].layers.model_copy(update={layer: False, "contours": False})
        on = off.model_copy(update={layer: True})
        without, with_it = (with_panes(document, lambda p, on=on: set_layers(p, on)) for on in (off, on))
        reason = idle_layer(document.experiment(0), layer)
        assert (asked(with_it) != asked(without)) is (not reason), (layer, reason, document.view.panes)
        assert not reason or reason.endswith("."), reason


@pytest.mark.parametrize("path", PATHS)
def test_that_no_path_at_all_changes_what_follows_none(path: Any) -> None:
    for kind in KINDS:
        document = Document(dynamics=kind())
        if not kind.follows_path:
            assert asked(document.model_copy(update={"path": path()})) == asked(document)
