"""Ends that are joined: each kind is built, and everything that is asked of a problem agrees with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fmstudio.document.specs import coupling as c
from fmstudio.document.specs import distribution as d
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.dynamics import (
    DynamicsSpec,
    ODESpec,
    ProbabilityFlowSpec,
    ReverseSDESpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, VPSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import Coupling
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Grid,
    Guide,
    PairsRequest,
    ProbeRequest,
    Request,
    Row,
    TrajectoriesRequest,
)
from fmstudio.engine.worker import build
from fmstudio.studio.probing import probed

RING, MOONS = d.RingSpec(), d.TwoMoonsSpec()
BRIDGE = Problem(RING, MOONS, CondOTSpec()).joined(c.BridgeSpec())
FEW = SimulationSpec(steps=50, particles=800)


def answered(request: Request) -> Row:
    engine = InlineEngine()
    job = engine.submit("lane", request)
    engine.run_until_idle()
    values = np.array(job.result.values)
    engine.close()
    assert job.state is JobState.DONE, job.message
    return values


def test_that_every_coupling_of_the_ends_is_built_and_goes_its_own_way() -> None:
    assert {spec.model_fields["kind"].default for spec in c.JOININGS} == set(build._JOINED)
    for spec in c.JOININGS:
        problem = Problem(RING, MOONS, VPSpec()).joined(spec())
        assert (problem.path == VPSpec()) is spec.is_independent
        assert build.marginal(problem) is build.marginal(problem)


@pytest.mark.parametrize("dynamics", [ODESpec(), SDESpec(sigma=0.6)], ids=lambda spec: spec.kind)
def test_that_particles_of_a_bridge_have_its_law_on_the_way_and_at_the_end(
    dynamics: ODESpec | SDESpec,
) -> None:
    states = torch.from_numpy(answered(TrajectoriesRequest(BRIDGE, dynamics, FEW)))
    law = build.marginal(BRIDGE)
    for row, t in ((25, 0.5), (50, 1.0)):
        fresh = law.sample(800, t, torch.Generator().manual_seed(3))
        gap = law.log_prob(states[row], t).mean() - law.log_prob(fresh, t).mean()
        assert abs(float(gap)) < 0.25


def test_that_lines_join_the_starting_points_to_their_exact_partners() -> None:
    """Partners of a bridge lie nearer than those that are drawn at random."""
    spans = {}
    for name, problem in (("bridge", BRIDGE), ("independent", Problem(RING, MOONS, CondOTSpec()))):
        x_0, z = answered(PairsRequest(problem, Coupling.INDEPENDENT, 256, 512, 1, 2))
        spans[name] = float(np.square(z - x_0).sum(1).mean())
    assert spans["bridge"] < 0.4 * spans["independent"]


def test_that_density_and_probe_are_those_of_the_bridge() -> None:
    grid = Grid(0.0, 0.0, 4.0, 4.0, 81, 81)
    (p,) = answered(DensityRequest(BRIDGE, grid, (0.5,)))
    assert p.sum() * 0.1**2 == pytest.approx(1, abs=1e-3)
    moving = TrajectoriesRequest(BRIDGE, ODESpec(), FEW)
    here = probed(answered(ProbeRequest(moving, (1.4, 0.3), 0.5, True)))
    exact = build.marginal(BRIDGE).first_order(torch.tensor([[1.4, 0.3]]), 0.5)
    np.testing.assert_allclose(here.velocity, exact.velocity[0], rtol=1e-4)
    assert here.density == pytest.approx(float(exact.log_prob.exp()), rel=1e-4)
    assert 0 < here.weights.sum() <= 1 + 1e-4


@pytest.mark.parametrize(
    "problem",
    [
        Problem(RING, MOONS, CondOTSpec()),
        Problem(d.StandardNormalSpec(), MOONS, CondOTSpec()).joined(c.IndependentSpec(noise=0.5)),
        Problem(d.StandardNormalSpec(), MOONS, CondOTSpec()).joined(c.BridgeSpec()),
    ],
    ids=["ring", "interpolant", "bridge"],
)
@pytest.mark.parametrize("dynamics", [ProbabilityFlowSpec(), ReverseSDESpec()], ids=lambda spec: spec.kind)
def test_that_only_the_noising_of_data_is_turned_back(problem: Problem, dynamics: DynamicsSpec) -> None:
    engine = InlineEngine()
    job = engine.submit("lane", TrajectoriesRequest(problem, dynamics, FEW))
    engine.run_until_idle()
    engine.close()
    assert "standard normal source" in job.message


def test_that_an_interpolant_with_noise_spreads_on_the_way_and_comes_back() -> None:
    problem = Problem(RING, MOONS, CondOTSpec())
    noisy = problem.joined(c.IndependentSpec(noise=1.0))
    plain, spread = (answered(TrajectoriesRequest(p, ODESpec(), FEW)) for p in (problem, noisy))
    np.testing.assert_array_equal(plain[0], spread[0])
    assert spread[25].var(0).sum() > plain[25].var(0).sum() + 0.3
    law = build.distribution(MOONS)
    ends = [float(law.log_prob(torch.from_numpy(states[-1])).mean()) for states in (plain, spread)]
    assert abs(ends[0] - ends[1]) < 0.25


# ---- arrows ------------------------------------------------------------------------------------------

FAR = Grid(0.0, 0.0, 6.0, 6.0, 25, 25)
JOINED = (c.IndependentSpec(), c.IndependentSpec(noise=0.4), c.BridgeSpec(), c.OptimalTransportSpec())


@pytest.mark.parametrize("coupling", JOINED, ids=lambda spec: spec.called or "independent")
@pytest.mark.parametrize("quantity", [Quantity.VELOCITY, Quantity.SCORE])
def test_that_arrows_are_known_exactly_where_there_is_mass(
    coupling: c.JoiningSpec, quantity: Quantity
) -> None:
    problem, times = Problem(RING, MOONS, CondOTSpec()).joined(coupling), (0.0, 0.5, 1.0)
    arrows = answered(FieldRequest(problem, FAR, times, quantity))
    density = answered(DensityRequest(problem, FAR, times))
    for row, p in zip(arrows, density, strict=True):
        known = np.isfinite(row).all(-1)
        assert np.array_equal(known, np.isfinite(row).any(-1))
        assert known.any()
        assert not known.all()
        assert p[~known].max() < 1e-4 * p.max()
        assert known[p > 1e-4 * p.max()].all()


def test_that_what_is_seen_of_a_place_without_mass_alone_has_no_arrows() -> None:
    """The peak is that of p_t, and not of what the camera sees."""
    for coupling in JOINED:
        problem = Problem(RING, MOONS, CondOTSpec()).joined(coupling)
        apart = answered(FieldRequest(problem, Grid(9.0, 9.0, 1.0, 1.0, 5, 5), (0.5,)))
        assert np.isnan(apart).all()


def test_that_a_flux_fades_by_itself() -> None:
    flux = answered(FieldRequest(BRIDGE, FAR, (0.5,), Quantity.FLUX))
    assert np.isfinite(flux).all()


@pytest.mark.parametrize("target", [MOONS, d.FunnelSpec(), d.GaussianMixtureSpec()], ids=lambda s: s.kind)
def test_that_no_arrow_is_left_out_where_the_source_is_normal(target: d.DistributionSpec) -> None:
    arrows = answered(
        FieldRequest(Problem(d.StandardNormalSpec(), target, CondOTSpec()), FAR, (0.0, 0.5, 1.0))
    )
    assert np.isfinite(arrows).all()


def test_that_guided_arrows_are_left_out_with_those_of_their_law() -> None:
    target = d.GaussianMixtureSpec()
    guide = Guide(GuidanceSpec(method=GuidanceMethod.EXACT, label=0, scale=2.0))
    problem = Problem(RING, target, CondOTSpec())
    plain, guided = (answered(FieldRequest(problem, FAR, (0.5,), guide=pull)) for pull in (None, guide))
    assert np.array_equal(np.isnan(plain), np.isnan(guided))
    assert np.isnan(plain).any()
