"""Characteristic functions: those of samples, those of derivatives, and one another's."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.spectra import ORDERS, Spectrum, spectrum
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice, UniformBox


def _tilted() -> GaussianMixture:
    covs = torch.tensor([[[0.5, 0.3], [0.3, 0.4]], [[0.1, 0.0], [0.0, 0.6]]])
    return GaussianMixture(torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.0], [-1.0, 0.5]]), covs)


def _cloud_of_many() -> Cloud:
    points = torch.randn(900, 2, generator=torch.Generator().manual_seed(3))
    return Cloud(points, torch.linspace(0.5, 1.5, 900), 0.1)


def _drawing() -> Lattice:
    mass = torch.rand(48, 48, generator=torch.Generator().manual_seed(4)).square()
    mass[:, :10] = 0  # an edge without ink is left out
    return Lattice(mass, 2.5)


LAWS: dict[str, Distribution] = {
    "round": shapes.eight_gaussians(),
    "tilted": _tilted(),
    "cloud": shapes.two_moons(),
    "many points": _cloud_of_many(),
    "drawing": _drawing(),
    "box": UniformBox(1.3),
}
each = pytest.mark.parametrize("name", LAWS)
K = torch.arange(0, 5, dtype=torch.float64) * 0.9


def known(name: str) -> Spectrum:
    found = spectrum(LAWS[name])
    assert found is not None
    return found


def at(name: str, kx: Tensor, ky: Tensor, degree: int) -> list[Tensor]:
    return known(name).moments(kx, ky, degree)


@each
def test_that_it_is_the_mean_over_samples(name: str) -> None:
    n = 40_000
    z = LAWS[name].sample(n, torch.Generator().manual_seed(1)).double() - known(name).centre
    both = torch.cat([-K[1:].flip(0), K])
    wave = torch.exp(-1j * (z[:, 0, None, None] * K + z[:, 1, None, None] * both[:, None]))
    for moment, (i, j) in zip(at(name, K, K, 2), ORDERS, strict=True):
        draws = (z[:, 0] ** i * z[:, 1] ** j)[:, None, None] * wave
        error = draws.std(0) / n**0.5 + 1e-6
        assert float(((draws.mean(0) - moment).abs() / error).max()) < 5.5


@each
def test_that_moments_are_derivatives_of_it(name: str) -> None:
    h = 1e-4
    first = at(name, K, K, 2)
    for i, shift in ((1, (h, 0.0)), (2, (0.0, h))):
        ahead, behind = (at(name, K + 0.3 + s * shift[0], K + 0.3 + s * shift[1], 1) for s in (1, -1))
        middle = at(name, K + 0.3, K + 0.3, 1)
        # Rows below 0 move the other way: only those of k_y > 0 are compared.
        slope = 1j * (ahead[0] - behind[0]) / (2 * h)
        assert torch.allclose(slope[len(K) :], middle[i][len(K) :], atol=2e-5)
    assert len(first) == len(ORDERS)


@each
def test_that_mass_and_moments_are_right_at_frequency_0(name: str) -> None:
    law, moments = LAWS[name], at(name, torch.zeros(1).double(), torch.zeros(1).double(), 2)
    assert moments[0][0, 0].real == pytest.approx(1, abs=1e-6)
    mean = torch.stack([moments[1][0, 0].real, moments[2][0, 0].real]) + known(name).centre
    assert torch.allclose(mean, law.mean().double(), atol=1e-4)


@each
def test_that_all_mass_lies_within_reach(name: str) -> None:
    found = known(name)
    x = LAWS[name].sample(20_000, torch.Generator().manual_seed(2)).double()
    assert bool(((x - found.centre).abs() <= found.reach).all())


@each
def test_that_decay_is_a_falling_bound(name: str) -> None:
    found = known(name)
    k = torch.linspace(0, 30, 200, dtype=torch.float64)
    bound = found.decay(k)
    assert bool((bound.diff() <= 1e-12).all())
    assert bound[0] == pytest.approx(1, abs=1e-6)
    size = torch.stack([found.moments(k, torch.zeros(1).double(), 0)[0][0].abs()])
    assert bool((size <= 1.3 * bound + 1e-6).all())


def test_that_an_unknown_law_has_none() -> None:
    assert spectrum(create_autospec(Distribution, instance=True)) is None
