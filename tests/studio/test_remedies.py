"""Every button of every note leads to what it promises: a small change, after which that trouble is gone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.coupling import BridgeSpec
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, VPSpec
from fmstudio.document.specs.training import MODEL_OBJECTIVES, Coupling, ModelSpec, Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.engine.client import InlineEngine
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio import learning, remedies
from fmstudio.studio.guardrails import Guardrail, Remedy, guardrails
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

KINDS = (*m.DYNAMICS, *m.MORE_DYNAMICS)
POINTS = d.PointsSpec(points=FrozenArray(np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)))
FEW_SOURCES = (d.StandardNormalSpec, d.GaussianMixtureSpec, d.RingSpec, d.UniformSquareSpec)
SOURCES = (*(kind() for kind in FEW_SOURCES), POINTS)
GUIDANCES = (
    None,
    GuidanceSpec(label=1),
    GuidanceSpec(label=1, method=GuidanceMethod.LEARNED),
    GuidanceSpec(label=1, method=GuidanceMethod.CLASSIFIER_FREE),
)
MOTIONS = tuple(PaneSpec(title=kind.title, dynamics=kind(), field=FieldChoice.LEARNED) for kind in m.DYNAMICS)
TRAININGS = (
    *(TrainingSpec(objective=objective) for objective in MODEL_OBJECTIVES),
    *(TrainingSpec(coupling=coupling) for coupling in (Coupling.OT, Coupling.SINKHORN)),
    TrainingSpec(reflow=1),
)


def documents() -> Iterator[Document]:
    """Sources x motions x fields x trainings x guidance, on a target with labels and one without."""
    for source, kind, target in product(SOURCES, KINDS, (d.TwoMoonsSpec(), d.SCurveSpec())):
        plain = Document(source=source, target=target, dynamics=kind())
        for guidance in GUIDANCES:
            guided = plain.model_copy(update={"guidance": guidance})
            yield guided
            for training in TRAININGS:
                yield learned(guided, training)


def learned(document: Document, training: TrainingSpec, conditional: bool | None = None) -> Document:
    guidance = document.guidance
    by_labels = guidance is not None and guidance.method is GuidanceMethod.CLASSIFIER_FREE
    changes = {
        "training": training,
        "model": ModelSpec(conditional=by_labels if conditional is None else conditional),
        "view": ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),)),
    }
    return document.model_copy(update=changes)


def hard_documents() -> Iterator[Document]:
    """Settings at the ends of their ranges."""
    for steps, dynamics in product(
        (1, 60, 2000),
        (
            m.SDESpec(sigma=5.0),
            m.ReverseSDESpec(),
            m.AnnealedLangevinSpec(sigma=5.0, duration=100.0, substeps=1),
            m.AnnealedLangevinSpec(sigma=5.0, duration=100.0, substeps=500),
            m.LinearFlowSpec(theta=10.0, duration=20.0),
            m.LinearFlowSpec(theta=-3.0, duration=20.0),
            m.OrnsteinUhlenbeckSpec(theta=10.0, duration=50.0),
            m.LinearSDESpec(a_0=-5.0, a_1=-5.0, duration=20.0),
            m.LinearSDESpec(a_0=5.0, a_1=5.0, duration=20.0),
            m.LinearSDESpec(a_0=5.0, a_1=-1.0, duration=20.0),
            m.NoisingSpec(),
        ),
    ):
        for path in (CondOTSpec(), VPSpec()):
            yield Document(dynamics=dynamics, path=path, simulation=m.SimulationSpec(steps=steps))
    sided = (PaneSpec(title="Exact"), PaneSpec(title="Learned", field=FieldChoice.LEARNED))
    for kind in KINDS:
        yield Document(source=d.RingSpec(), dynamics=kind(), view=ViewSpec(panes=sided))
    yield Document(training=TrainingSpec(coupling=Coupling.OT), view=ViewSpec(panes=MOTIONS))
    for sigma, noise in product((0.1, 5.0), (0.0, 0.1, 1.0)):
        yield Document(coupling=BridgeSpec(sigma=sigma), dynamics=m.SDESpec(sigma=noise))
    yield Document(target=d.DrawnSpec())
    yield Document(source=d.DrawnSpec())


def opened(document: Document) -> Session:
    return Session(FakeEngine(), document, lambda _: None)


def trained(session: Session) -> None:
    """All models that a training was asked for come at once."""
    engine = session.engine
    assert isinstance(engine, FakeEngine)
    if engine.trained:
        for recipe in learning.needed(session.store.document):
            session.results.models[recipe] = LearnedModel(
                recipe.model,
                recipe.training.objective,
                FrozenArray(np.zeros(4, np.float32)),
                1,
                recipe.problem,
                recipe.training,
            )


def check(document: Document) -> None:
    before = notes(opened(document))
    for note in before:
        if note.remedy in (Remedy.NONE, Remedy.DRAW):
            continue
        session = opened(document)
        remedies.apply(session, note)
        trained(session)
        left = notes(session)
        about = f"{note} of {document.dynamics} leaves {left}"
        others = set(before) - {note}
        assert not [other for other in left if other.remedy is note.remedy and other not in others], about
        if note.remedy is Remedy.TRAIN:  # what is trained then moves the particles
            in_vain = [n for n in left if "score" in n.text or "labels" in n.text]
            assert not set(in_vain) - others, about
        assert Document.model_validate(session.store.document.model_dump()) == session.store.document
        assert session.store.document != document or session.engine.trained, about  # type: ignore[attr-defined]
        session.close()


def notes(session: Session) -> tuple[Guardrail, ...]:
    return guardrails(session.store.document, session.results)


def test_that_every_remedy_mends_what_it_names() -> None:
    for document in documents():
        check(document)


def test_that_every_remedy_mends_what_it_names_at_the_ends_of_the_ranges() -> None:
    for document in hard_documents():
        check(document)


def test_that_a_ring_by_sde_goes_exactly_and_is_told_before_a_training() -> None:
    ring = Document(source=d.RingSpec(), dynamics=m.SDESpec())
    assert notes(opened(ring)) == ()
    session = opened(learned(ring, TrainingSpec()))
    (note,) = notes(session)
    assert note.remedy is Remedy.SHOW_ODE
    recipes = learning.needed(session.store.document)
    remedies.apply(session, note)
    assert learning.needed(session.store.document) == recipes


def test_that_panes_that_become_the_same_are_one_without_a_title_that_lies() -> None:
    session = opened(Document(training=TrainingSpec(coupling=Coupling.OT), view=ViewSpec(panes=MOTIONS)))
    for note in [note for note in notes(session) if note.remedy is Remedy.SHOW_ODE]:
        remedies.apply(session, note)
    shown = session.store.document.view.panes
    assert [pane.dynamics.kind for pane in shown if pane.dynamics] == ["ode", "langevin"]


ASKED = tuple(
    learned(Document(source=source, dynamics=dynamics, guidance=guidance), training)
    for source, dynamics, training, guidance in (
        (d.StandardNormalSpec(), m.SDESpec(), TrainingSpec(coupling=Coupling.OT), None),
        (d.RingSpec(), m.SDESpec(), TrainingSpec(), None),
        (d.RingSpec(), m.AnnealedLangevinSpec(), TrainingSpec(objective=Objective.REALNVP), None),
        (d.StandardNormalSpec(), m.ProbabilityFlowSpec(), TrainingSpec(objective=Objective.CNF_ML), None),
        (d.StandardNormalSpec(), m.ODESpec(), TrainingSpec(), GUIDANCES[3]),
        (d.StandardNormalSpec(), m.ODESpec(), TrainingSpec(coupling=Coupling.OT), GUIDANCES[3]),
        (d.StandardNormalSpec(), m.ODESpec(), TrainingSpec(), GuidanceSpec(label=7)),
        (d.RingSpec(), m.ODESpec(), TrainingSpec(objective=Objective.EXACT), None),
        (d.UniformSquareSpec(), m.ODESpec(), TrainingSpec(objective=Objective.CNF_ML), None),
        (d.GaussianMixtureSpec(), m.ODESpec(), TrainingSpec(objective=Objective.REALNVP), None),
    )
)
SAMPLE = (
    *ASKED,
    Document(source=d.RingSpec(), dynamics=m.SDESpec()),
    Document(source=d.UniformSquareSpec(), dynamics=m.ODESpec()),
    Document(source=d.RingSpec(), dynamics=m.ODESpec(), guidance=GUIDANCES[1]),
    Document(target=d.SCurveSpec(), guidance=GUIDANCES[1]),
    Document(dynamics=m.LinearFlowSpec(theta=-3.0, duration=20.0)),
    Document(dynamics=m.LangevinSpec(sigma=3.0, substeps=1)),
)


@pytest.mark.parametrize("document", SAMPLE, ids=range(len(SAMPLE)))
def test_that_pressing_what_is_offered_ends_in_particles_that_move(document: Document) -> None:
    """By the real engine: at most a few buttons, and nothing is refused."""
    training = document.training.model_copy(update={"steps": 3, "batch_size": 32})
    small = {
        "training": training,
        "model": document.model.model_copy(update={"width": 8, "layers": 1, "couplings": 2}),
        "simulation": m.SimulationSpec(particles=100, steps=20),
    }
    session = Session(InlineEngine(), document.model_copy(update=small), lambda _: None)
    for _ in range(8):
        settle(session)
        offered = [note for note in notes(session) if note.remedy is not Remedy.NONE]
        if not offered:
            break
        remedies.apply(session, offered[0])
    settle(session)
    slot = session.results.slots["trajectories/0"]
    assert not slot.problem, slot.problem
    job = slot.job
    assert math.isfinite(float(np.abs(job.result.values).max()))
    session.close()


def settle(session: Session) -> None:
    for _ in range(4000):
        session.tick(0.0)
        if session.is_complete and not session.results.is_training and not session.engine.busy:
            return
