"""What each motion asks of the engine."""

from __future__ import annotations

from typing import get_args

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs import path as p
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import RingSpec
from fmstudio.document.specs.training import Coupling, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, LayersSpec, PaneSpec, ViewSpec
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    PairsRequest,
    Request,
    TrajectoriesRequest,
    WarpRequest,
)
from fmstudio.studio.motions import PAIRS
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

EVERYTHING = LayersSpec(couplings=True, grid=True)
FREE = [kind() for kind in get_args(m.FreeProcess)]


def wanted(dynamics: m.DynamicsSpec, **changes: object) -> dict[str, Request]:
    """All that is asked for once simulations are there, by lane less the pane's number."""
    document = Document(dynamics=dynamics, view=ViewSpec(panes=(PaneSpec(layers=EVERYTHING),)))
    engine = FakeEngine()
    session = Session(engine, document.model_copy(update=changes), lambda _sentence: None)
    for _ in range(3):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)
    return {lane.removesuffix("/0"): request for lane, request in session.planner.wanted.items()}


@pytest.mark.parametrize("dynamics", FREE, ids=lambda s: s.kind)
def test_that_a_process_is_shown_with_its_own_law_and_drift_and_no_w2(dynamics: m.FreeProcess) -> None:
    asked = wanted(dynamics)
    density, field = asked["density"], asked["field"]
    assert isinstance(density, DensityRequest)
    assert isinstance(field, FieldRequest)
    assert (density.method, density.law) == (DensityMethod.EXACT, dynamics)
    assert (field.quantity, field.law) == (Quantity.DRIFT, dynamics)
    assert "measure" not in asked
    assert isinstance(asked["trajectories"], TrajectoriesRequest)


@pytest.mark.parametrize(
    ("dynamics", "quantity"),
    [
        (m.ProbabilityFlowSpec(), Quantity.VELOCITY),
        (m.InterpolantSpec(), Quantity.VELOCITY),
        (m.AnnealedLangevinSpec(), Quantity.SCORE),
        (m.LangevinSpec(), Quantity.SCORE),
    ],
)
def test_that_motions_towards_a_target_show_what_moves_them_and_are_measured_unless_drawn_there(
    dynamics: m.DynamicsSpec, quantity: Quantity
) -> None:
    asked = wanted(dynamics)
    assert isinstance(asked["field"], FieldRequest)
    assert asked["field"].quantity is quantity
    assert ("measure" in asked) is not isinstance(dynamics, m.InterpolantSpec)


def test_that_annealed_langevin_stands_on_p_t_and_langevin_on_the_target() -> None:
    times = [wanted(d())["density"].times for d in (m.AnnealedLangevinSpec, m.LangevinSpec)]  # type: ignore[union-attr]
    assert len(times[0]) > 10
    assert times[1] == (1.0,)


@pytest.mark.parametrize("coupling", [Coupling.OT, Coupling.SINKHORN])
def test_that_coupled_pairs_have_no_closed_form_and_no_exact_arrows(coupling: Coupling) -> None:
    asked = wanted(m.InterpolantSpec(coupling=coupling))
    density = asked["density"]
    assert isinstance(density, DensityRequest)
    assert density.method is DensityMethod.KDE
    assert density.trajectories == asked["trajectories"]
    assert "field" not in asked


def test_that_coupling_lines_are_those_of_the_particles_or_of_a_training() -> None:
    own = wanted(m.InterpolantSpec(coupling=Coupling.OT))["pairs"]
    training = TrainingSpec(coupling=Coupling.SINKHORN, batch_size=64)
    trained = wanted(m.ODESpec(), training=training)["pairs"]
    assert isinstance(own, PairsRequest)
    assert isinstance(trained, PairsRequest)
    assert (own.coupling, own.n) == (Coupling.OT, PAIRS)
    assert (trained.coupling, trained.batch_size) == (Coupling.SINKHORN, 64)


@pytest.mark.parametrize("dynamics", [m.ODESpec(), m.ProbabilityFlowSpec(), m.LinearFlowSpec()])
def test_that_flows_warp_a_grid_that_no_die_moves(dynamics: m.DynamicsSpec) -> None:
    one = wanted(dynamics)["grid"]
    other = wanted(dynamics, simulation=m.SimulationSpec(start_seed=99, particles=500))["grid"]
    assert isinstance(one, WarpRequest)
    assert one == other


def test_that_a_grid_is_as_wide_as_the_source_of_the_path() -> None:
    plain, wide = (wanted(m.ODESpec(), path=path)["grid"] for path in (p.VPSpec(), p.VESpec(sigma_max=4.0)))
    assert isinstance(plain, WarpRequest)
    assert isinstance(wide, WarpRequest)
    assert wide.half == pytest.approx(4 * plain.half, rel=1e-3)


@pytest.mark.parametrize("dynamics", [m.SDESpec(), m.LangevinSpec(), m.InterpolantSpec()])
def test_that_no_grid_is_asked_for_where_no_flow_is(dynamics: m.DynamicsSpec) -> None:
    assert "grid" not in wanted(dynamics)


def test_that_a_motion_without_a_field_needs_no_model() -> None:
    panes = (PaneSpec(field=FieldChoice.LEARNED, dynamics=m.BrownianMotionSpec()),)
    assert Document(view=ViewSpec(panes=panes)).experiment(0).field is FieldChoice.EXACT
    assert Document(view=ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),))).experiment(0).field is (
        FieldChoice.LEARNED
    )


def test_that_an_interpolant_of_any_source_is_asked_for() -> None:
    assert "trajectories" in wanted(m.InterpolantSpec(), source=RingSpec())


def test_that_w2_of_a_flow_goes_when_a_process_takes_its_place() -> None:
    engine = FakeEngine()
    session = Session(engine, Document(), lambda _sentence: None)
    for _ in range(4):
        session.tick(0.0)
        engine.finish_all()
    assert "measure/0" in session.results.slots
    session.store.edit(lambda d: d.model_copy(update={"dynamics": m.BrownianMotionSpec()}), "Brownian")
    session.tick(0.0)
    assert "measure/0" not in session.results.slots
