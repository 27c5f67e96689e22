"""The words around a pane: what is computed, no more, for every motion."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import PointsSpec, RingSpec, TwoMoonsSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import FieldChoice, LayersSpec, PaneSpec, ViewSpec
from fmstudio.render.words import legend, notice, subtitle
from fmstudio.studio.resolve import Known, Look, resolve
from fmstudio.studio.session import Session
from fmstudio.studio.stage import Standing
from tests.fakes import FakeEngine

FREE = (m.LinearFlowSpec(), m.BrownianMotionSpec(), m.OrnsteinUhlenbeckSpec(), m.LinearSDESpec())


def told(dynamics: m.DynamicsSpec, layers: LayersSpec | None = None) -> dict[str, str]:
    """The legend of one pane once everything is there."""
    panes = (PaneSpec(layers=layers or LayersSpec()),)
    engine = FakeEngine()
    session = Session(engine, Document(dynamics=dynamics, view=ViewSpec(panes=panes)), lambda _sentence: None)
    for _ in range(3):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)
    entries = legend(session.stage.panes[0], session.store.document, session.results)
    return {entry.name: entry.text for entry in entries}


def under(dynamics: m.DynamicsSpec) -> str:
    return subtitle(resolve(Document(dynamics=dynamics), 0, Known(), Look()))


@pytest.mark.parametrize("dynamics", [*FREE, m.NoisingSpec()], ids=lambda s: s.kind)
def test_that_a_process_has_its_own_law_and_drift_and_is_not_measured_against_data(
    dynamics: m.DynamicsSpec,
) -> None:
    words = told(dynamics)
    assert words["density"] == "exact law of the process"
    assert words["field"] == "drift"
    assert not any("p_data" in text for text in words.values())


@pytest.mark.parametrize("dynamics", FREE, ids=lambda s: s.kind)
def test_that_a_process_does_not_name_a_path_that_plays_no_part(dynamics: m.DynamicsSpec) -> None:
    assert "CondOT" not in under(dynamics)
    assert "CondOT" in under(m.NoisingSpec())


def test_that_samplers_tell_their_clock_and_all_their_steps() -> None:
    words = under(m.LangevinSpec(duration=6.0, substeps=5))
    assert "60 × 5 steps" in words
    assert "s from 0 to 6" in words


def test_that_coupled_pairs_are_smoothed_and_their_lines_named() -> None:
    layers = LayersSpec(couplings=True)
    assert told(m.InterpolantSpec(coupling=Coupling.OT), layers)["density"] == "KDE of the particles"
    assert "optimal" in told(m.InterpolantSpec(coupling=Coupling.OT), layers)["lines"]
    assert "independent" in told(m.ODESpec(), layers)["lines"]


def test_that_a_grid_under_noise_says_why_there_is_none() -> None:
    layers = LayersSpec(grid=True)
    assert "carried" in told(m.ODESpec(), layers)["grid"]
    assert "without noise" in told(m.SDESpec(), layers)["grid"]


@pytest.mark.parametrize("dynamics", [m.BrownianMotionSpec(), m.InterpolantSpec()], ids=lambda s: s.kind)
def test_that_a_motion_without_a_field_is_never_empty_for_want_of_one(dynamics: m.DynamicsSpec) -> None:
    panes = (PaneSpec(field=FieldChoice.LEARNED, dynamics=dynamics),)
    document = Document(source=RingSpec(), view=ViewSpec(panes=panes))
    session = Session(FakeEngine(), document, lambda _sentence: None)
    session.tick(0.0)
    assert notice(session.stage.panes[0], session.results) == ""


def test_that_a_pane_sends_nobody_to_train_what_it_could_not_show() -> None:
    """A ring by an SDE: the closed form tells the score, a model of it would not."""
    document = Document(source=RingSpec(), dynamics=m.SDESpec())
    session = Session(FakeEngine(), document, lambda _sentence: None)
    session.tick(0.0)
    assert notice(session.stage.panes[0], session.results) == ""
    learned = document.model_copy(update={"view": ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),))})
    standing = Standing(resolve(learned, 0, Known(), Look()))
    assert "needs a score" in notice(standing, session.results)


def test_that_a_guided_pane_names_its_label_as_the_file_does() -> None:
    points = FrozenArray(np.array([[0.0, 0.0], [1.0, 1.0]], np.float32))
    codes = FrozenArray(np.array([0, 1], np.uint8))
    cloud = PointsSpec(points=points, labels=codes, label_names=("cat", "dog"))
    for target, label, name in ((cloud, 1, "dog"), (cloud, 5, "5"), (TwoMoonsSpec(), 1, "1")):
        document = Document(target=target, guidance=GuidanceSpec(label=label))
        assert f"to label {name} · S = 1" in subtitle(resolve(document, 0, Known(), Look()))


@pytest.mark.parametrize("dynamics", [m.ODESpec(), m.SDESpec(), m.LangevinSpec()], ids=lambda s: s.kind)
def test_that_the_distance_says_of_which_moment_it_is(dynamics: m.DynamicsSpec) -> None:
    """It stands there at t = 0 too, where the particles are nowhere near."""
    assert told(dynamics)["W₂"].startswith("to p_data at the end: ")
