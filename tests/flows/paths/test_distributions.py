"""Distributions: what is drawn belongs to the density, shapes lie where they should, bad input is named."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice, UniformBox
from tests.flows.cases import small_cloud, small_lattice, standard_normal, tilted

SHAPES: dict[str, Callable[[], Distribution]] = {
    "two moons": shapes.two_moons,
    "two spirals": shapes.two_spirals,
    "rings": shapes.rings,
    "ring": shapes.ring,
    "pinwheel": shapes.pinwheel,
    "S-curve": shapes.s_curve,
    "checkerboard": shapes.checkerboard,
    "uniform square": shapes.square,
    "eight Gaussians": shapes.eight_gaussians,
    "five modes": shapes.five_modes,
}
LAWS: dict[str, Callable[[], Distribution]] = {
    **SHAPES,
    "standard normal": standard_normal,
    "tilted": lambda: tilted(torch.float32),
    "cloud": lambda: small_cloud(torch.float32),
    "lattice": lambda: small_lattice(torch.float32),
    "box": lambda: UniformBox(1.7),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def moments_by_quadrature(law: Distribution) -> tuple[Tensor, Tensor]:
    """Mean and second moments of the density."""
    axis = torch.linspace(-5, 5, 251)
    x = grid_points(axis, axis).reshape(-1, 2)
    p = law.log_prob(x).exp().double()
    p = p / p.sum()
    return p @ x.double(), (x.double().T * p) @ x.double()


@pytest.mark.parametrize("name", LAWS)
def test_that_samples_have_the_moments_of_the_density(name: str) -> None:
    law = LAWS[name]()
    n = 40_000
    x = law.sample(n, generator()).double()
    mean, second = moments_by_quadrature(law)
    outer = x[:, :, None] * x[:, None, :]
    # The box's edge falls between grid points, which costs its quadrature a part in a hundred.
    slack = 0.02 if name == "box" else 1e-4
    assert ((x.mean(0) - mean).abs() < 4.5 * x.std(0) / math.sqrt(n) + slack).all()
    assert torch.allclose(law.mean().double(), mean, atol=1e-3 + slack)
    assert ((outer.mean(0) - second).abs() < 4.5 * outer.std(0) / math.sqrt(n) + slack).all()


@pytest.mark.parametrize("name", LAWS)
def test_that_samples_fill_the_plane_as_the_density_says(name: str) -> None:
    """Counts in coarse cells against the mass of each cell: a chi-square within 5 deviations of its mean."""
    law, n, bins = LAWS[name](), 20_000, 16
    x = law.sample(n, generator(1))
    fine = 16 * bins
    axis = (torch.arange(fine) + 0.5) * (8 / fine) - 4
    p = law.log_prob(grid_points(axis, axis).reshape(-1, 2)).double().exp().reshape(fine, fine)
    mass = p.reshape(bins, 16, bins, 16).sum((1, 3)) * (8 / fine) ** 2
    column, row = ((x + 4) / 8 * bins).long().clamp(0, bins - 1).unbind(1)
    counts = torch.bincount(row * bins + column, minlength=bins**2).double().reshape(bins, bins)
    busy = mass * n > 20
    chi = ((counts - n * mass).square() / (n * mass))[busy].sum()
    degrees = int(busy.sum())
    slack = 0.05 * degrees if name in ("box", "uniform square", "checkerboard") else 0
    assert float(chi) < degrees + 5 * math.sqrt(2 * degrees) + slack


@pytest.mark.parametrize("name", SHAPES)
def test_that_built_in_shapes_are_centred_and_fit(name: str) -> None:
    mean, _ = moments_by_quadrature(SHAPES[name]())
    assert mean.abs().max() < 0.02
    x = SHAPES[name]().sample(5000, generator())
    assert (x.abs() < 3).float().mean() > 0.999


@pytest.mark.parametrize("name", SHAPES)
def test_that_labels_name_parts_of_equal_standing(name: str) -> None:
    parts = {"two moons": 2, "two spirals": 2, "rings": 3, "pinwheel": 5, "S-curve": 2, "checkerboard": 8}
    parts |= {"eight Gaussians": 8, "five modes": 5}
    x, labels = SHAPES[name]().sample_labelled(4000, generator())
    assert x.shape == (4000, 2)
    assert x.dtype == torch.float32
    assert labels.shape == (4000,)
    if name in parts:
        assert sorted(labels.unique().tolist()) == list(range(parts[name]))


def test_that_checkerboard_labels_are_its_squares() -> None:
    x, labels = shapes.checkerboard().sample_labelled(4000, generator())
    for k in range(8):
        assert (x[labels == k].std(0) < 0.4).all()


@pytest.mark.parametrize("scale", [1e-37, 1e-20, 1.0, 1e20, 3e38])
def test_that_a_raster_is_the_same_law_at_any_scale(scale: float) -> None:
    mass = torch.linspace(0.25, 1, 256 * 256).reshape(256, 256)
    drawing = Lattice(mass * scale, 3.0)
    torch.testing.assert_close(drawing.mass, Lattice(mass, 3.0).mass, rtol=1e-5, atol=0)
    assert torch.isfinite(drawing.log_prob(torch.zeros(1, 2))).all()


@pytest.mark.parametrize("noise", [0.03, 0.07, 0.2])
def test_that_a_curve_cloud_is_the_blurred_curve(noise: float) -> None:
    """Twice as many points on the curve change nothing: the sum is the integral."""
    axis = torch.linspace(-2.5, 2.5, 41)
    x = grid_points(axis, axis).reshape(-1, 2)
    coarse = shapes.ring(1.5, noise)
    n = 4 * len(coarse.points)
    fine = Cloud(shapes.circle(1.5, n), None, noise)
    assert coarse.log_prob(x).exp() == pytest.approx(fine.log_prob(x).exp(), abs=2e-5)


def test_that_the_same_seed_draws_the_same_samples_without_touching_other_randomness() -> None:
    before = torch.get_rng_state()
    for make in LAWS.values():
        assert torch.equal(make().sample(50, generator(3)), make().sample(50, generator(3)))
    assert torch.equal(before, torch.get_rng_state())


def test_that_a_density_follows_the_precision_asked_of_it() -> None:
    x = torch.zeros(3, 2)
    for make in LAWS.values():
        assert make().log_prob(x).dtype == torch.float32
        assert make().log_prob(x.double()).dtype == torch.float64


def test_that_a_lattice_has_its_rows_going_up() -> None:
    mass = torch.zeros(8, 8)
    mass[7, 0] = 1
    x = Lattice(mass, 4.0).sample(200, generator())
    assert x[:, 0].mean() < -3
    assert x[:, 1].mean() > 3


def test_that_round_mixtures_are_recognised() -> None:
    assert tilted().round_variances() is None
    variances = standard_normal().round_variances()
    assert variances is not None
    assert variances.tolist() == [1.0]


def _mixture(cov: list[list[float]], weight: float = 1.0) -> GaussianMixture:
    return GaussianMixture(torch.tensor([weight]), torch.zeros(1, 2), torch.tensor([cov]))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Lattice(torch.zeros(8, 8), 3.0), "mass must hold some mass, got only zeros"),
        (lambda: Lattice(-torch.ones(8, 8), 3.0), "mass must be finite and at least 0"),
        (lambda: Lattice(torch.ones(8, 8) / 0, 3.0), "mass must be finite"),
        (lambda: Lattice(torch.ones(8, 9), 3.0), r"square raster .* got \(8, 9\)"),
        (lambda: Lattice(torch.ones(8, 8), 0.0), "half must be positive and finite, got 0"),
        (lambda: Cloud(torch.zeros(0, 2), None, 0.1), r"shape \(N, 2\) with N of at least 1, got \(0, 2\)"),
        (lambda: Cloud(torch.zeros(4, 3), None, 0.1), r"got \(4, 3\)"),
        (lambda: Cloud(torch.zeros(4, 2) / 0, None, 0.1), "points must be finite"),
        (lambda: Cloud(torch.zeros(4, 2), torch.zeros(4), 0.1), "weights must hold some mass"),
        (lambda: Cloud(torch.zeros(4, 2), torch.ones(3), 0.1), r"weights must have shape \(4,\), got \(3,\)"),
        (lambda: Cloud(torch.zeros(4, 2), None, -1.0), "width must be positive and finite, got -1"),
        (lambda: _mixture([[1.0, 1.0], [1.0, 1.0]]), r"covs\[0\] must be symmetric and positive definite"),
        (lambda: _mixture([[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
        (lambda: _mixture([[1.0, 0.0], [0.0, 1.0]], -1.0), "weights must be finite and at least 0"),
        (lambda: UniformBox(math.inf), "half must be positive and finite"),
        (lambda: standard_normal().sample(0, generator()), "n must be at least 1, got 0"),
        (lambda: UniformBox(1.0).sample(-3, generator()), "n must be at least 1, got -3"),
        (lambda: shapes.checkerboard(cells=6), "cells must be a positive multiple of 4, got 6"),
        (lambda: shapes.rings(count=0), "count must be at least 1, got 0"),
        (lambda: shapes.two_moons(noise=0.0), "width must be positive"),
    ],
)
def test_that_bad_input_is_named(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
