"""Metrics against cases whose answer is known, and their refusal of what has none."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from fmstudio.flows.measures import metrics
from fmstudio.flows.measures.metrics import (
    energy_distance,
    field_error,
    mmd,
    mode_coverage,
    negative_log_likelihood,
    normalised_path_energy,
    path_energy,
    sliced_w2,
    straightness,
    w2,
    w2_floor,
)
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import CondOT
from tests.flows.cases import exact, standard_normal, three_modes


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normals(n: int, seed: int = 0) -> torch.Tensor:
    return standard_normal().sample(n, generator(seed))


def test_that_w2_of_a_shift_is_its_length() -> None:
    x = normals(200)
    shift = torch.tensor([3.0, -4.0])
    assert w2(x, x) == pytest.approx(0, abs=1e-6)
    assert w2(x, x + shift) == pytest.approx(5, rel=1e-6)
    assert sliced_w2(x, x + shift, generator(), 4000) == pytest.approx(5 / math.sqrt(2), rel=0.05)


def test_that_w2_takes_clouds_of_different_sizes() -> None:
    x = normals(50)
    assert w2(x, x.repeat(3, 1)) == pytest.approx(0, abs=1e-6)
    assert sliced_w2(x, x.repeat(3, 1), generator()) == pytest.approx(0, abs=1e-6)


def test_that_one_dimensional_w2_is_exact_in_the_slices() -> None:
    """On a line all directions see the same order: sliced W2 is W2 times the root mean square cosine."""
    x, y = normals(40), 2 * normals(60, 1) + 1
    x[:, 1] = 0
    y[:, 1] = 0
    assert sliced_w2(x, y, generator(), 20_000) == pytest.approx(w2(x, y) / math.sqrt(2), rel=0.03)


def test_that_a_perfect_sampler_scores_the_floor_and_no_less() -> None:
    law = three_modes()
    floor = w2_floor(law, 300, 300, generator(), repeats=8)
    fresh = w2(law.sample(300, generator(90)), law.sample(300, generator(91)))
    assert abs(fresh - floor.mean) < 5 * floor.std
    wide = GaussianMixture.isotropic(law.means, 1.2)
    assert w2(law.sample(300, generator(92)), wide.sample(300, generator(93))) > floor.mean + 3 * floor.std


@pytest.mark.parametrize("distance", [energy_distance, mmd])
def test_that_unbiased_distances_are_zero_on_average_and_grow_with_the_gap(
    distance: Callable[[torch.Tensor, torch.Tensor], float],
) -> None:
    same = torch.tensor([distance(normals(200, s), normals(200, 100 + s)) for s in range(40)])
    assert abs(float(same.mean())) < 4 * float(same.std()) / math.sqrt(40)
    gaps = [distance(normals(400), normals(400, 1) + g) for g in (0.5, 1.0, 2.0)]
    assert 0 < gaps[0] < gaps[1] < gaps[2]


def test_that_the_energy_distance_has_its_closed_form_for_single_points() -> None:
    x = torch.zeros(2, 2)
    y = torch.tensor([[3.0, 4.0], [3.0, 4.0]])
    assert energy_distance(x, y) == pytest.approx(10)
    assert mmd(x, y, [5.0]) == pytest.approx(2 * (1 - math.exp(-0.5)), rel=1e-6)


def test_that_tiles_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normals(300), normals(200, 1)
    whole = energy_distance(x, y), mmd(x, y)
    monkeypatch.setattr(metrics, "TILE", 1000)
    assert (energy_distance(x, y), mmd(x, y)) == pytest.approx(whole, rel=1e-6)


def test_that_coverage_counts_modes() -> None:
    law = three_modes()
    x, labels = law.sample_labelled(3000, generator())
    all_of_them = mode_coverage(x, law)
    assert all_of_them.found == 3
    assert all_of_them.total_variation < 0.05
    without_one = mode_coverage(x[labels != 1], law)
    assert without_one.found == 2
    assert without_one.total_variation == pytest.approx(1 / 3, abs=0.05)


def test_that_the_likelihood_of_a_normal_is_its_entropy() -> None:
    x = normals(20_000)
    entropy = 1 + math.log(2 * math.pi)
    assert negative_log_likelihood(standard_normal().log_prob, x) == pytest.approx(entropy, abs=0.05)


def test_that_straight_paths_have_the_energy_of_their_length() -> None:
    x_0 = normals(50)
    times = torch.tensor([0.0, 0.1, 0.5, 1.0])
    step = torch.tensor([3.0, 4.0])
    straight = x_0 + times[:, None, None] * step
    assert path_energy(straight, times) == pytest.approx(25, rel=1e-5)
    assert normalised_path_energy(straight, times, 5.0) == pytest.approx(0, abs=1e-5)
    assert straightness(straight, times) == pytest.approx(0, abs=1e-8)


def test_that_a_bent_path_costs_what_it_bends() -> None:
    """E|v|^2 = |chord|^2 + straightness, for every path (the mean and variance of v over time)."""
    times = torch.linspace(0, 1, 21)
    paths = torch.stack([times, times**2], 1)[:, None] * torch.ones(1, 5, 1)
    assert path_energy(paths, times) == pytest.approx(2 + straightness(paths, times), rel=1e-6)
    assert straightness(paths, times) == pytest.approx(1 / 3, rel=0.01)


def test_that_the_field_error_is_that_of_the_field() -> None:
    law = exact("normal", "modes", CondOT())
    errors = field_error(lambda x, t: law.velocity(x, t) + 0.5, law, [0.0, 0.5, 1.0], generator(), 50)
    assert errors == pytest.approx(torch.full((3,), 0.5), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: w2(torch.zeros(0, 2), torch.zeros(3, 2)), r"x must have shape .* at least 1, got \(0, 2\)"),
        (lambda: w2(torch.zeros(3, 2), torch.zeros(3, 2) / 0), "y must be finite"),
        (lambda: energy_distance(torch.zeros(1, 2), torch.zeros(3, 2)), "n of at least 2"),
        (lambda: mmd(torch.zeros(3, 2), torch.zeros(3, 2), []), "bandwidths must be positive"),
        (lambda: sliced_w2(torch.zeros(3, 2), torch.zeros(3, 2), generator(), 0), "projections"),
        (lambda: w2_floor(standard_normal(), 5, 5, generator(), 1), "repeats must be at least 2, got 1"),
        (lambda: path_energy(torch.zeros(1, 3, 2), torch.zeros(1)), "2 frames or more"),
        (lambda: path_energy(torch.zeros(2, 3, 2), torch.zeros(2)), "times must rise"),
        (lambda: normalised_path_energy(torch.zeros(2, 3, 2), torch.arange(2), 0.0), "distance"),
    ],
)
def test_that_bad_input_is_named(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
