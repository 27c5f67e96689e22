"""Laws of guidance: Bayes' classifier, a learned one, and none."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.guidance import (
    ClassifierFree,
    ClassifierGuided,
    ExactClassifier,
    LearnedClassifier,
    train_classifier,
)
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Heun
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import CondOT
from fmstudio.flows.paths.shapes import five_modes
from fmstudio.verify.law import Measured, law, seeded, worst
from fmstudio.verify.processes import grid


def _labelled() -> tuple[ExactField, ExactClassifier]:
    modes = five_modes()
    target = GaussianMixture(modes.weights.double(), modes.means.double(), modes.covs.double())
    source = GaussianMixture.standard_normal(torch.float64)
    classifier = ExactClassifier(source, target, CondOT())
    return ExactField(marginal(source, target, CondOT())), classifier


def _places(seed: int) -> Tensor:
    return 1.5 * torch.randn(200, 2, generator=seeded(seed), dtype=torch.float64)


@law(
    "classifier-guidance",
    "S = 1 with Bayes' classifier is the conditional path (Chen 2024, eq 35)",
    "rounding in float64",
)
def guidance_at_one_is_conditional() -> Measured:
    field, classifier = _labelled()
    guided, gaps = ClassifierGuided(field, classifier, 2, 1.0), []
    for t in (0.1, 0.5, 0.9):
        x = _places(150)
        velocity, score = classifier.parts[2].velocity(x, t), classifier.parts[2].score(x, t)
        gaps.append(worst(guided.velocity(x, t) - velocity) / worst(velocity))
        gaps.append(worst(guided.score(x, t) - score) / worst(score))
    return Measured(max(gaps), 1e-9)


@law(
    "classifier-guidance",
    "Particles guided with S = 1 end at their label (Chen 2024, sec 5)",
    "overlap of the modes: 1 %",
)
def guided_particles_end_at_their_label() -> Measured:
    field, classifier = _labelled()
    start = torch.randn(1000, 2, generator=seeded(151), dtype=torch.float64)
    *_, end = simulate(FlowODE(ClassifierGuided(field, classifier, 2, 1.0)), Heun(), start, grid(1.0, 60))
    nearest = torch.cdist(end, five_modes().means.double()).argmin(1)
    return Measured(float((nearest != 2).double().mean()), 0.01)


@law(
    "classifier-guidance",
    "A learned classifier nears Bayes': mean |p - p*| (Chen 2024, sec 5)",
    "asked: 0.05",
)
def classifier_learns() -> Measured:
    source, target = GaussianMixture.standard_normal(), five_modes()
    learned, exact = LearnedClassifier(32, 2, 5, seeded(152)), ExactClassifier(source, target, CondOT())
    for _ in train_classifier(source, target, CondOT(), learned, steps=600, generator=seeded(153)):
        pass
    gaps = []
    for t in (0.3, 0.6, 0.9):
        x = marginal(GaussianMixture.standard_normal(), five_modes(), CondOT()).sample(1000, t, seeded(154))
        gaps.append(
            float((learned.log_prob(x, t).exp() - exact.log_prob(x, t).exp()).abs().sum(1).mean() / 2)
        )
    return Measured(max(gaps), 0.05)


@law(
    "classifier-free-guidance",
    "u + S (u_y - u) is classifier guidance with Bayes' classifier",
    "rounding in float64",
)
def classifier_free_is_classifier_guidance() -> Measured:
    field, classifier = _labelled()
    conditional, gaps = ExactField(classifier.parts[1]), []
    for scale, t in itertools.product((0.0, 1.0, 3.0, 8.0), (0.1, 0.5, 0.9)):
        x = _places(155)
        free = ClassifierFree(field, conditional, scale).velocity(x, t)
        gaps.append(worst(free - ClassifierGuided(field, classifier, 1, scale).velocity(x, t)) / worst(free))
    return Measured(max(gaps), 1e-9)
