"""What a pane's density and arrows may be, and the requests that follow."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import (
    InterpolantSpec,
    LangevinSpec,
    ODESpec,
    OrnsteinUhlenbeckSpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import LayersSpec, PaneSpec, ViewSpec
from fmstudio.engine.messages import DensityRequest, FieldRequest
from fmstudio.studio import choices
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


def planned(document: Document) -> Session:
    session = Session(FakeEngine(), document, print)
    session.tick(0.0)
    return session


def density_of(pane: PaneSpec, **changes: object) -> DensityRequest:
    session = planned(Document(view=ViewSpec(panes=(pane,)), **changes))  # type: ignore[arg-type]
    request = session.planner.wanted["density/0"]
    session.close()
    assert isinstance(request, DensityRequest)
    return request


def offered(document: Document) -> tuple[DensityMethod, ...]:
    session = planned(document)
    experiment = document.experiment(0)
    found = choices.densities(experiment, session.planner.panes[0].available)
    session.close()
    return found


def test_that_the_solution_does_not_depend_on_the_particles() -> None:
    pane = PaneSpec(density=DensityMethod.FOKKER_PLANCK, dynamics=SDESpec())
    few, many = (density_of(pane, simulation=SimulationSpec(steps=k, particles=100 * k)) for k in (3, 9))
    assert few == many
    assert density_of(pane.model_copy(update={"dynamics": ODESpec()})) != few


@pytest.mark.parametrize("choice", [c for c in DensityMethod if c not in ("auto", "error")])
def test_that_what_is_chosen_is_asked_for(choice: DensityMethod) -> None:
    request = density_of(PaneSpec(density=choice, dynamics=SDESpec()))
    assert request.method is DensityMethod(choice.value)
    assert request.times[0] == 0
    assert request.times[-1] == 1


def test_that_what_is_not_defined_is_not_shown_but_what_belongs_to_the_pane() -> None:
    for dynamics in (LangevinSpec(), OrnsteinUhlenbeckSpec()):
        plain = density_of(PaneSpec(dynamics=dynamics))
        assert density_of(PaneSpec(dynamics=dynamics, density=DensityMethod.LIKELIHOOD)) == plain
    assert density_of(PaneSpec(density=DensityMethod.ERROR)) == density_of(PaneSpec())


def test_that_pairs_that_are_coupled_have_neither_closed_form_nor_equation() -> None:
    coupled = offered(Document(dynamics=InterpolantSpec(coupling=Coupling.OT)))
    assert coupled == (DensityMethod.AUTO, DensityMethod.KDE)


def test_that_the_moment_that_is_looked_at_comes_first() -> None:
    document = Document(view=ViewSpec(panes=(PaneSpec(density=DensityMethod.LIKELIHOOD),)))
    session = planned(document)
    session.playback.seek(0.5)
    session.tick(0.0)
    request = session.planner.wanted["density/0"]
    session.close()
    assert isinstance(request, DensityRequest)
    assert request.times[request.first] == pytest.approx(0.5, abs=0.5 / (len(request.times) - 1))


def test_that_arrows_are_asked_for_as_chosen() -> None:
    for choice, quantity in ((Quantity.FLUX, Quantity.FLUX), (Quantity.SCORE, Quantity.SCORE)):
        pane = PaneSpec(arrows=choice, layers=LayersSpec(density=False))
        session = planned(Document(view=ViewSpec(panes=(pane,))))
        request = session.planner.wanted["field/0"]
        session.close()
        assert isinstance(request, FieldRequest)
        assert request.quantity is quantity
