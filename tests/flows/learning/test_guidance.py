"""Guidance: Bayes' rule holds between classifier, conditional and unconditional paths."""

from __future__ import annotations

import pytest
import torch

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.batches import BatchSource, Problem
from fmstudio.flows.learning.guidance import (
    ClassifierFree,
    ClassifierGuided,
    ExactClassifier,
    LearnedClassifier,
    train_classifier,
)
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.training import train
from fmstudio.flows.motion.diffusion import SqrtBetaSigma
from fmstudio.flows.motion.dynamics import FlowODE, SDEExtension
from fmstudio.flows.motion.fields import ExactField, LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import EulerMaruyama, Heun
from fmstudio.flows.paths.couplings import ExactOT, Independent
from fmstudio.flows.paths.distributions import UniformBox
from fmstudio.flows.paths.labels import split_by_label
from fmstudio.flows.paths.schedules import VP, CondOT, Schedule
from fmstudio.flows.paths.shapes import checkerboard, two_moons
from tests.flows.cases import standard_normal, three_modes

TIMES = (0.002, 0.2, 0.6, 0.95, 1.0)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _points(n: int = 40) -> torch.Tensor:
    return 1.5 * torch.randn(n, 2, generator=_generator(1), dtype=torch.float64)


def _case(schedule: Schedule) -> tuple[ExactField, ExactClassifier, ExactField]:
    """The whole path, its classifier, and the path of label 1."""
    source, target = standard_normal(torch.float64), three_modes(torch.float64)
    classifier = ExactClassifier(source, target, schedule)
    return ExactField(marginal(source, target, schedule)), classifier, ExactField(classifier.parts[1])


@pytest.mark.parametrize("schedule", [CondOT(), VP()], ids=lambda s: type(s).__name__)
def test_that_scale_one_is_the_conditional_path_and_scale_zero_the_whole(schedule: Schedule) -> None:
    whole, classifier, part = _case(schedule)
    x = _points()
    for scale, expected in ((0.0, whole), (1.0, part)):
        guided = ClassifierGuided(whole, classifier, 1, scale)
        for t in TIMES:
            torch.testing.assert_close(guided.score(x, t), expected.score(x, t), atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(guided.velocity(x, t), expected.velocity(x, t), atol=1e-3, rtol=1e-3)
            torch.testing.assert_close(guided.data(x, t), expected.data(x, t), atol=1e-3, rtol=1e-3)


def test_that_classifier_free_guidance_is_classifier_guidance_with_the_exact_classifier() -> None:
    whole, classifier, part = _case(CondOT())
    x = _points()
    for t in TIMES:
        with_one = ClassifierGuided(whole, classifier, 1, 3.0).velocity_and_score(x, t)
        without = ClassifierFree(whole, part, 3.0).velocity_and_score(x, t)
        for a, b in zip(with_one, without, strict=True):
            torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)


def test_that_the_classifier_is_normalised_and_its_gradient_is_its_slope() -> None:
    _, exact, _ = _case(CondOT())
    learned = LearnedClassifier(16, 2, 3, _generator(2))
    learned.trained.add_(0.2 * torch.randn(len(learned.trained), generator=_generator(3)))
    learned = LearnedClassifier.from_flat(16, 2, 3, learned.flat.double())
    x, h = _points(), 1e-5
    for classifier in (exact, learned):
        total = classifier.log_prob(x, 0.7).exp().sum(1)
        torch.testing.assert_close(total, torch.ones_like(total))
        slopes = [
            (classifier.log_prob(x + h * e, 0.7) - classifier.log_prob(x - h * e, 0.7))[:, 2] / (2 * h)
            for e in torch.eye(2, dtype=torch.float64)
        ]
        gradient = classifier.gradient(x, 0.7, 2)
        torch.testing.assert_close(gradient, torch.stack(slopes, 1), atol=1e-6, rtol=1e-6)


def test_that_guided_particles_end_at_their_label_and_a_larger_scale_gathers_them() -> None:
    whole, classifier, _ = _case(CondOT())
    x = torch.randn(400, 2, generator=_generator(4), dtype=torch.float64)
    mode = three_modes(torch.float64).means[1]
    spreads = []
    for scale in (1.0, 4.0):
        dynamics = SDEExtension(ClassifierGuided(whole, classifier, 1, scale), SqrtBetaSigma(1.0, CondOT()))
        times = [k / 60 for k in range(61)]
        *_, end = simulate(dynamics, EulerMaruyama(), x, times, _generator(5))
        nearest = torch.cdist(end, three_modes(torch.float64).means).argmin(1)
        assert float((nearest == 1).double().mean()) > 0.95
        spreads.append(float((end - mode).square().sum(1).mean()))
    assert float(classifier.log_prob(end, 1.0)[:, 1].mean()) > -0.02


def test_that_the_divergence_of_a_guided_field_is_that_of_the_conditional_path_at_scale_one() -> None:
    whole, classifier, part = _case(CondOT())
    x = _points()
    guided = ClassifierGuided(whole, classifier, 1, 1.0)
    torch.testing.assert_close(guided.divergence(x, 0.6), part.divergence(x, 0.6), atol=1e-4, rtol=1e-4)


def test_that_a_trained_classifier_comes_close_to_bayes() -> None:
    source, target = standard_normal(), two_moons()
    learned = LearnedClassifier(32, 2, 2)
    run = train_classifier(source, target, CondOT(), learned, steps=400, generator=_generator())
    for _ in run:
        pass
    exact = ExactClassifier(source, target, CondOT())
    law = marginal(source, target, CondOT())
    for t in (0.3, 0.7, 1.0):
        x = law.sample(500, t, _generator(6))
        gap = (learned.log_prob(x, t).exp() - exact.log_prob(x, t).exp()).abs().mean()
        assert float(gap) < 0.05


def test_that_the_parts_of_a_labelled_target_make_up_the_whole() -> None:
    x = _points(20).float()
    for target in (three_modes(), two_moons(), checkerboard()):
        shares, parts = split_by_label(target)
        assert float(shares.sum()) == pytest.approx(1, abs=1e-5)
        mixed = torch.logsumexp(torch.stack([p.log_prob(x) for p in parts], 1) + shares.log(), 1)
        torch.testing.assert_close(mixed, target.log_prob(x), atol=1e-3, rtol=1e-3)


# ---- one network for all labels ----------------------------------------------------------------------


def test_that_a_network_given_a_label_is_the_network_shown_that_label() -> None:
    network = MLP(8, 2, _generator(1), labels=3)
    network.trained.copy_(torch.randn(len(network.trained), generator=_generator(2)) * 0.3)
    x = _points().float()
    at = network.coefficients(0.4)
    plain = network.given(None)
    torch.testing.assert_close(plain(x, 0.4), network(x, 0.4))
    label_row = network.parameters(network.trained)[0][0][-2]
    shown = network.trained.clone()
    network.parameters(shown)[0][1].add_(label_row)
    torch.testing.assert_close(network.given(1)(x, 0.4), network.velocity_of(shown, x, at))
    with pytest.raises(ValueError, match="label"):
        network.given(3)


def test_that_a_conditional_network_learns_each_label_and_none() -> None:
    network = MLP(32, 2, labels=3)
    run = train(
        standard_normal(), three_modes(), CondOT(), Independent(), network, steps=800, generator=_generator()
    )
    for _ in run:
        pass
    x, means = torch.randn(500, 2, generator=_generator(3)), three_modes().means

    def shares(field: LearnedField | ClassifierFree) -> torch.Tensor:
        *_, end = simulate(FlowODE(field), Heun(), x, [k / 20 for k in range(21)])
        return torch.bincount(torch.cdist(end, means).argmin(1), minlength=3) / 500

    fields = {label: LearnedField(network.given(label), CondOT()) for label in (None, 2)}
    assert float(shares(fields[None]).min()) > 0.2
    assert float(shares(fields[2])[2]) > 0.9
    assert float(shares(ClassifierFree(fields[None], fields[2], 2.0))[2]) > 0.97


# ---- what is refused ---------------------------------------------------------------------------------


def test_that_bad_arguments_are_named() -> None:
    whole, classifier, part = _case(CondOT())
    with pytest.raises(ValueError, match="label must lie"):
        ClassifierGuided(whole, classifier, 3, 1.0)
    with pytest.raises(ValueError, match="guidance scale"):
        ClassifierGuided(whole, classifier, 0, -1.0)
    with pytest.raises(ValueError, match="guidance scale"):
        ClassifierFree(whole, part, float("nan"))
    with pytest.raises(ValueError, match="no labels"):
        split_by_label(UniformBox(1.0))
    with pytest.raises(ValueError, match="labels"):
        train_classifier(standard_normal(), three_modes(), CondOT(), LearnedClassifier(8, 1, 2))
    problem = Problem(standard_normal(), three_modes(), CondOT(), ExactOT())
    with pytest.raises(ValueError, match="independent pairs"):
        BatchSource(problem, MLP(8, 1, labels=3), 16, _generator())
