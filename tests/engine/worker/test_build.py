from __future__ import annotations

import numpy as np
import pytest
import torch

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs import coupling as c
from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import path as p
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import Coupling, Objective
from fmstudio.engine.worker import build
from fmstudio.engine.worker.density_tasks import METHODS
from fmstudio.flows.learning.objectives import REGRESSIONS
from fmstudio.flows.paths.couplings import COUPLINGS
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.labels import split_by_label
from fmstudio.flows.paths.schedules import SCHEDULES
from fmstudio.flows.paths.shapes import SHAPES

BUILT_IN = d.BUILT_INS


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", BUILT_IN)
def test_that_every_built_in_fits_the_plane_and_its_samples_follow_its_density(kind: type[Spec]) -> None:
    distribution = build.distribution(kind())
    x = distribution.sample(4000, generator())
    assert x.shape == (4000, 2)
    assert x.dtype is torch.float32
    assert float((x.abs() < 4).all(1).float().mean()) > 0.99
    # E_p[1/q] over a box of area A where q = p on its support is at most A.
    near = distribution.log_prob(x + 0.0)
    assert torch.isfinite(near).all()


@pytest.mark.parametrize("kind", BUILT_IN)
def test_that_the_facts_of_a_law_are_those_of_what_is_built(kind: type[d.Law]) -> None:
    distribution = build.distribution(kind())  # type: ignore[arg-type]
    assert kind.is_normal is isinstance(distribution, GaussianMixture)
    if kind.has_parts:
        assert len(split_by_label(distribution)[0]) > 1


def test_that_every_kind_of_every_union_has_a_builder() -> None:
    kinds = {spec.model_fields["kind"].default for spec in (*BUILT_IN, d.PointsSpec, d.DrawnSpec)}
    assert {*SHAPES, *build._OF_PARTS} == kinds
    assert not SHAPES.keys() & build._OF_PARTS.keys()
    assert set(SCHEDULES) == {spec.model_fields["kind"].default for spec in p.PATHS}
    assert set(COUPLINGS) == set(Coupling)
    assert set(METHODS) == set(DensityMethod) - {DensityMethod.AUTO}
    assert set(REGRESSIONS) == {objective for objective in Objective if objective.facts.regresses}


@pytest.mark.parametrize("kind", p.PATHS)
def test_that_every_path_ends_at_the_target(kind: type[Spec]) -> None:
    schedule = build.schedule(kind())
    assert float(schedule.alpha(1.0)) == pytest.approx(1, abs=1e-6)
    assert float(schedule.beta(1.0)) <= 0.1 + 1e-6


def test_that_equal_specs_are_built_once() -> None:
    assert build.distribution(d.TwoMoonsSpec()) is build.distribution(d.TwoMoonsSpec())
    raster = np.zeros((32, 32), np.float32)
    raster[3, 4] = 1
    first, second = (d.DrawnSpec(raster=FrozenArray(raster.copy())) for _ in range(2))
    assert build.distribution(first) is build.distribution(second)


def test_that_a_drawing_lands_where_it_was_drawn_with_y_up() -> None:
    raster = np.zeros((60, 60), np.float32)
    raster[50, 10] = 1
    x = build.distribution(d.DrawnSpec(raster=FrozenArray(raster), half=3.0)).sample(500, generator())
    np.testing.assert_allclose(x.mean(0), [-1.95, 2.05], atol=0.03)


def test_that_an_empty_drawing_asks_for_a_stroke() -> None:
    with pytest.raises(ValueError, match="draw something on the canvas"):
        build.distribution(d.DrawnSpec())


def test_that_a_mixture_keeps_its_covariance() -> None:
    component = d.Component(mean=(1.0, -1.0), cov=(0.5, 0.3, 0.4))
    x = build.distribution(d.GaussianMixtureSpec(components=(component,))).sample(60_000, generator())
    np.testing.assert_allclose(torch.cov(x.T), [[0.5, 0.3], [0.3, 0.4]], atol=0.02)


def test_that_points_are_the_distribution_of_the_points() -> None:
    points = FrozenArray([[0, 0], [2, 1]])
    x = build.distribution(d.PointsSpec(points=points, width=0.01)).sample(1000, generator())
    gaps = torch.cdist(x, torch.from_numpy(points.values.copy())).amin(1)
    assert float(gaps.max()) < 0.06


def test_that_the_ends_of_a_marginal_are_remembered_as_long_as_they_are_asked_for() -> None:
    """Density, arrows and particles of one document read the same characteristic functions."""
    first, again = (build.marginal(Problem(d.RingSpec(), d.TwoMoonsSpec(), p.CondOTSpec())) for _ in range(2))
    assert first is again


def formula_and_gaussian() -> tuple[d.FormulaSpec, d.GaussianMixtureSpec]:
    text = "log p = -(x - 0.7)^2/(2*0.5^2) - (y + 0.4)^2/(2*0.3^2) + 17"
    component = d.Component(mean=(0.7, -0.4), cov=(0.25, 0.0, 0.09))
    return d.FormulaSpec(expression=text), d.GaussianMixtureSpec(components=(component,))


def test_that_a_gaussian_by_its_formula_is_the_gaussian_up_to_the_width_of_a_cell() -> None:
    formula, gaussian = (build.distribution(spec) for spec in formula_and_gaussian())
    x = gaussian.sample(500, generator())
    wide = 1 + (6 / 256 / 0.3) ** 2  # a variance by that factor, at most
    gap = (formula.log_prob(x) - gaussian.log_prob(x)).abs()
    assert float(gap.max()) < (wide - 1) * 8
    draws = formula.sample(40_000, generator())
    np.testing.assert_allclose(draws.mean(0), [0.7, -0.4], atol=0.01)
    np.testing.assert_allclose(draws.std(0), [0.5, 0.3], rtol=0.02)


@pytest.mark.parametrize(
    "coupling", [c.IndependentSpec(), c.BridgeSpec(), c.OptimalTransportSpec()], ids=lambda spec: spec.kind
)
@pytest.mark.parametrize("end", ["source", "target"])
def test_that_a_formula_at_either_end_has_the_exact_field_of_its_law(end: str, coupling: Spec) -> None:
    fields = []
    for spec in formula_and_gaussian():
        ends = {"source": d.RingSpec(), "target": d.RingSpec(), end: spec}
        problem = Problem(ends["source"], ends["target"], p.CondOTSpec()).joined(coupling)  # type: ignore[arg-type]
        marginal = build.marginal(problem)
        x = marginal.sample(200, 0.5, generator())
        fields.append((x, build.field(problem, None)))
    x = fields[0][0]
    one, other = (field.velocity(x, 0.5) for _, field in fields)
    assert float((one - other).norm(dim=1).median()) < 0.03
