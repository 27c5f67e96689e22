"""Law 8: couplings are permutations, so both marginals are kept; optimal ones cost no more."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fmstudio.flows.paths.couplings import Coupling, ExactOT, Independent, Sinkhorn

COUPLINGS = (Independent(), ExactOT(), Sinkhorn(), Sinkhorn(10.0))


def batch(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Generator]:
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, generator=g), 2 * torch.rand(n, 2, generator=g), g


def cost(x: torch.Tensor, y: torch.Tensor) -> float:
    return float((x - y).square().sum())


@pytest.mark.parametrize("coupling", COUPLINGS, ids=str)
@settings(max_examples=10, deadline=None)
@given(n=st.integers(1, 40), seed=st.integers(0, 1000))
def test_that_every_coupling_is_a_permutation(coupling: Coupling, n: int, seed: int) -> None:
    x_0, z, g = batch(n, seed)
    assert sorted(coupling.permutation(x_0, z, g).tolist()) == list(range(n))
    paired_x, paired_z = coupling.pair(x_0, z, g)
    assert torch.equal(paired_x, x_0)
    assert sorted(map(tuple, paired_z.tolist())) == sorted(map(tuple, z.tolist()))


def test_that_exact_ot_finds_the_cheapest_permutation_there_is() -> None:
    x_0, z, g = batch(6)
    cheapest = min(cost(x_0, z[list(p)]) for p in itertools.permutations(range(6)))
    assert cost(*ExactOT().pair(x_0, z, g)) == pytest.approx(cheapest, rel=1e-6)


def test_that_both_solvers_of_exact_ot_agree() -> None:
    from fmstudio.flows.paths import couplings

    x_0, z, _ = batch(600)
    costs = couplings.squared_distances(x_0, z)
    one, other = couplings._assignment(costs), couplings._network_simplex(costs)
    assert costs[range(600), one].sum() == pytest.approx(costs[range(600), other].sum(), rel=1e-9)


def test_that_the_costs_are_ordered_exact_sinkhorn_independent() -> None:
    x_0, z, g = batch(128)
    exact, entropic, free = (cost(*c.pair(x_0, z, g)) for c in (ExactOT(), Sinkhorn(), Independent()))
    assert exact <= entropic < free


def test_that_little_regularisation_is_exact_and_much_is_independent() -> None:
    x_0, z, g = batch(64)
    exact = cost(*ExactOT().pair(x_0, z, g))
    assert cost(*Sinkhorn(1e-3, 2000).pair(x_0, z, g)) == pytest.approx(exact, rel=0.02)
    loose = Sinkhorn(1e4).log_plan(x_0, z).exp()
    assert loose == pytest.approx(torch.full((64, 64), 1 / 64**2, dtype=torch.float64), rel=1e-2)


def test_that_the_entropic_plan_has_both_marginals() -> None:
    x_0, z, _ = batch(50)
    plan = Sinkhorn(0.05, 500).log_plan(x_0, z).exp()
    even = torch.full((50,), 1 / 50, dtype=torch.float64)
    assert plan.sum(0) == pytest.approx(even, rel=1e-9)
    assert plan.sum(1) == pytest.approx(even, rel=1e-3)


def test_that_the_same_seed_draws_the_same_permutation() -> None:
    x_0, z, _ = batch(64)
    one, other = (Sinkhorn().permutation(x_0, z, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(one, other)


def test_that_batches_that_do_not_match_are_refused() -> None:
    x_0, z, g = batch(5)
    with pytest.raises(ValueError, match=r"same shape .* got \(5, 2\) and \(4, 2\)"):
        ExactOT().pair(x_0, z[:4], g)
    with pytest.raises(ValueError, match="regularisation must be positive, got 0"):
        Sinkhorn(0.0)


@pytest.mark.parametrize("regularisation", [4.0, 0.5, 0.1])
@pytest.mark.parametrize("shift", [0.0, 6.0])
def test_that_an_entropic_plan_of_absolute_cost_is_scaled_to_its_ends(
    regularisation: float, shift: float
) -> None:
    """Far apart as near: every entry of the kernel may be less than the least number."""
    x_0, z, _ = batch(64)
    plan = Sinkhorn(regularisation, iterations=500, absolute=True).log_plan(x_0, z + 10 * shift).exp()
    torch.testing.assert_close(64 * plan.sum(0), torch.ones(64).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(64 * plan.sum(1), torch.ones(64).double(), atol=2e-2, rtol=0)
    near = Sinkhorn(regularisation, iterations=500, absolute=True).log_plan(x_0, z).exp()
    torch.testing.assert_close(plan, near, atol=1e-6, rtol=0)


def test_that_the_sharpest_plan_is_the_assignment() -> None:
    x_0, z, g = batch(32)
    exact = ExactOT().permutation(x_0, z, g)
    assert torch.equal(Sinkhorn(1e-3, absolute=True).permutation(x_0, z, g), exact)
