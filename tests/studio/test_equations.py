"""The equation that is shown is the one that runs, for every motion and every way of joining the ends."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from fmstudio.document.document import Document
from fmstudio.document.scores import why_no_flow
from fmstudio.document.specs.coupling import (
    JOININGS,
    BridgeSpec,
    IndependentSpec,
    JoiningBase,
    OptimalTransportSpec,
)
from fmstudio.document.specs.distribution import RingSpec, StandardNormalSpec
from fmstudio.document.specs.dynamics import (
    DYNAMICS,
    MORE_DYNAMICS,
    AnnealedLangevinSpec,
    ODESpec,
    SDESpec,
    SigmaProfile,
)
from fmstudio.document.specs.training import Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.shapes import SHAPES
from fmstudio.studio.equations import BRIDGE_ITSELF, EQUATIONS, REALNVP, WAYS, equations_of
from fmstudio.studio.guardrails import Remedy, hopeless, notes_of
from fmstudio.studio.results import Results

MOTIONS = (*DYNAMICS, *MORE_DYNAMICS)
COUPLINGS = (*(spec() for spec in JOININGS), IndependentSpec(noise=0.5), BridgeSpec(sigma=1.0))
LEARNED = ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),))


def test_that_every_motion_and_coupling_has_its_equation_with_document_and_number() -> None:
    assert set(EQUATIONS) == {spec.model_fields["kind"].default for spec in MOTIONS} | {REALNVP}
    assert set(WAYS) == {spec.model_fields["kind"].default for spec in JOININGS}
    told = (*EQUATIONS.values(), *WAYS.values(), BRIDGE_ITSELF)
    assert all(equation.sources[0].reference.about and equation.words for equation in EQUATIONS.values())
    assert all(equation.sources[0].reference.title and equation.words for equation in told)
    assert len({equation.words for equation in told}) == len(told)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=lambda spec: spec.called or "independent")
@pytest.mark.parametrize("motion", MOTIONS, ids=lambda spec: spec.title)
def test_that_no_pane_shows_the_independent_equation_under_a_coupling(
    motion: type[Any], coupling: JoiningBase
) -> None:
    for source, view in product((StandardNormalSpec(), RingSpec()), (ViewSpec(), LEARNED)):
        document = Document(source=source, dynamics=motion(), coupling=coupling, view=view)  # type: ignore[arg-type]
        experiment = document.experiment(0)
        shown = equations_of(experiment)
        joined = not experiment.problem.coupling.is_plain
        tells = WAYS[coupling.kind] in shown or BRIDGE_ITSELF in shown  # type: ignore[attr-defined]
        assert tells is joined
        assert joined or shown == (EQUATIONS[experiment.dynamics.kind],)
        if why_no_flow(experiment.dynamics, experiment.problem) and joined:
            assert list(hopeless(experiment))
            assert EQUATIONS[experiment.dynamics.kind] not in shown


def test_that_layers_show_their_own_whatever_the_coupling_is() -> None:
    layered = TrainingSpec(objective=Objective.REALNVP)
    for coupling in COUPLINGS:
        document = Document(coupling=coupling, training=layered, view=LEARNED)  # type: ignore[arg-type]
        assert equations_of(document.experiment(0)) == (EQUATIONS[REALNVP],)


# ---- the noise of a bridge, and another ----------------------------------------------------------------


def sde(sigma: float, profile: SigmaProfile, coupling: JoiningBase) -> Document:
    noise = SDESpec(sigma=sigma, profile=profile)
    return Document(source=RingSpec(), dynamics=noise, coupling=coupling)  # type: ignore[arg-type]


STEADY, FADING = SigmaProfile.CONSTANT, SigmaProfile.SQRT_BETA


@pytest.mark.parametrize(
    ("document", "is_itself", "is_told"),
    [
        (sde(0.6, STEADY, BridgeSpec(sigma=0.6)), True, False),
        (sde(0.8, STEADY, BridgeSpec(sigma=0.6)), False, True),
        (sde(0.6, FADING, BridgeSpec(sigma=0.6)), False, True),
        (sde(0.0, STEADY, BridgeSpec(sigma=0.6)), False, True),
        (sde(0.6, STEADY, IndependentSpec(noise=0.6)), False, False),
        (sde(0.6, STEADY, OptimalTransportSpec()), False, False),
        (Document(coupling=BridgeSpec(), dynamics=ODESpec()), False, False),
        (Document(coupling=BridgeSpec(), dynamics=AnnealedLangevinSpec(sigma=0.6)), False, False),
    ],
)
def test_that_an_sde_is_called_the_bridge_only_with_its_noise(
    document: Document, is_itself: bool, is_told: bool
) -> None:
    assert (equations_of(document.experiment(0)) == (BRIDGE_ITSELF,)) is is_itself
    notes = [note for note in notes_of(document, Results(), 0) if note.remedy is Remedy.BRIDGE_NOISE]
    assert bool(notes) is is_told
    if notes:
        assert "σ = 0.6" in notes[0].text
        assert notes[0].button == "Use the bridge's σ = 0.6"


def test_that_the_drifts_that_are_named_are_those_of_the_closed_form() -> None:
    """u = sigma^2/2 (grad log g - grad log f), and u + sigma^2/2 score = sigma^2 grad log g."""
    ring, sigma = SHAPES["ring"](), 0.6
    bridge = SchroedingerBridgeMarginal(GaussianMixture.standard_normal(), ring, sigma)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    f, g = (bridge.backward_drift(x, 0.4) / sigma**2, bridge.drift(x, 0.4) / sigma**2)
    first = bridge.first_order(x, 0.4)
    torch.testing.assert_close(first.velocity, sigma**2 / 2 * (g - f))
    torch.testing.assert_close(first.velocity + sigma**2 / 2 * first.score, sigma**2 * g)
