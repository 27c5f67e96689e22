"""Guidance: steering a path towards one label y of a labelled target.

By Bayes, grad log p_t(x given y) = grad log p_t(x) + grad log p_t(y given x); with a scale S in front of the
classifier's gradient (Chen 2024, eq 35-36)

    s_S = s + S grad log p_t(y given x),   u_S = u + S (g^2/2) grad log p_t(y given x),

S = 1 being the conditional path itself. Without a classifier the same fields are s + S (s_y - s) and
u + S (u_y - u): classifier-free guidance (Ho & Salimans 2022), with one network that knows labels and is now
and then trained without one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, silu

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.marginals import Coefficients
from fmstudio.flows.learning.layers import Layers, count, require_flat, start, views
from fmstudio.flows.learning.normalisation import (
    COLUMNS,
    NODES,
    SPACE,
    TIME,
    Normalisation,
    PairMoments,
    lookup,
    space_features,
)
from fmstudio.flows.learning.training import Plan, TrainingStep, descend, differentiated
from fmstudio.flows.motion.clock import Curve
from fmstudio.flows.motion.fields import MARGIN, Field
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.labels import split_by_label
from fmstudio.flows.paths.schedules import Schedule, Time, as_time

# ---- classifiers -------------------------------------------------------------------------------------


class Classifier(ABC):
    """p_t(y given x) for labels 0 ... ``labels`` - 1."""

    labels: int

    @abstractmethod
    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        """log p_t(y given x), (n, labels)."""

    @abstractmethod
    def gradient(self, x: Tensor, t: Time, label: int) -> Tensor:
        """grad_x log p_t(label given x), (n, 2)."""


@final
class ExactClassifier(Classifier):
    """Bayes' rule on the closed forms: p_t(y given x) = w_y p_t(x given y) / p_t(x)."""

    def __init__(self, source: Distribution, target: Distribution, schedule: Schedule) -> None:
        """Raises ValueError for a target without labels, NoClosedForm where there is none."""
        weights, parts = split_by_label(target)
        self.labels = len(parts)
        self._log_weights = weights.log()
        self.parts = [marginal(source, part, schedule) for part in parts]

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        joint = torch.stack([part.log_prob(x, t) for part in self.parts], 1) + self._log_weights.to(x)
        return torch.log_softmax(joint, 1)

    def gradient(self, x: Tensor, t: Time, label: int) -> Tensor:
        firsts = [part.first_order(x, t) for part in self.parts]
        joint = torch.stack([f.log_prob for f in firsts], 1) + self._log_weights.to(x)
        mean = torch.einsum("nk,nkd->nd", joint.softmax(1), torch.stack([f.score for f in firsts], 1))
        return firsts[label].score - mean


@final
class LearnedClassifier(Classifier):
    """An MLP on the velocity network's features with ``labels`` logits: a bias, and t times what depends on
    x. At t = 0 place says nothing of the label, and there g^2/2 would multiply any gradient without bound.

    Layout of ``flat``: the normalisation's table, then layer by layer weight and bias.
    """

    def __init__(
        self, width: int, layers: int, labels: int, generator: torch.Generator | None = None
    ) -> None:
        """Raises ValueError for an empty shape or fewer than 2 labels."""
        if width < 1 or layers < 1 or labels < 2:
            raise ValueError(
                f"width and layers must be at least 1 and labels 2, got {width}, {layers}, {labels}"
            )
        self.labels = labels
        self._sizes = (SPACE + TIME, *[width] * layers, labels)
        self.flat = torch.zeros(NODES * COLUMNS + count(self._sizes))
        self.table.copy_(Normalisation.identity().table)
        start(views(self.trained, self._sizes), 1.0, generator or torch.Generator().manual_seed(0))

    @classmethod
    def from_flat(cls, width: int, layers: int, labels: int, flat: Tensor) -> Self:
        """The classifier with these numbers (copied). Raises ValueError for a wrong length or NaN."""
        classifier = cls(width, layers, labels)
        require_flat(flat, len(classifier.flat), f"{layers} layers of {width} and {labels} labels")
        classifier.flat = flat.detach().clone()
        return classifier

    @property
    def table(self) -> Tensor:
        """The normalisation's part of ``flat``."""
        return self.flat[: NODES * COLUMNS].view(NODES, COLUMNS)

    @property
    def trained(self) -> Tensor:
        """The part of ``flat`` that training moves."""
        return self.flat[NODES * COLUMNS :]

    def logits(self, trained: Tensor, x: Tensor, t: Time) -> Tensor:
        """(n, labels), differentiable in weights and x."""
        at = lookup(self.table, t)
        layers: Layers = views(trained, self._sizes)
        y = (x.to(self.flat) - at.centre) / at.scale
        h = torch.cat([space_features(y.t()).t(), at.features.expand(len(x), -1)], dim=1)
        for weight, bias in layers[:-1]:
            h = silu(torch.addmm(bias, h, weight))
        return torch.addmm(layers[-1][1], as_time(t).reshape(-1, 1).to(h) * h, layers[-1][0])

    @torch.no_grad()
    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        return torch.log_softmax(self.logits(self.trained, x, t), 1).to(x)

    def gradient(self, x: Tensor, t: Time, label: int) -> Tensor:
        with torch.enable_grad():
            y = x.detach().clone().requires_grad_()
            likelihood = torch.log_softmax(self.logits(self.trained, y, t), 1)[:, label].sum()
            (slope,) = torch.autograd.grad(likelihood, y)
        return slope


def train_classifier(
    source: Distribution,
    target: Distribution,
    schedule: Schedule,
    classifier: LearnedClassifier,
    *,
    steps: int = 2000,
    batch_size: int = 256,
    learning_rate: float = 5e-3,
    generator: torch.Generator | None = None,
) -> Iterator[TrainingStep]:
    """Trains ``classifier`` in place on (x_t, y), t uniform (Chen 2024, sec. 5); the loss is the
    cross-entropy in nats. Raises ValueError for a target with other labels and a run out of range,
    TrainingDiverged once the loss is not finite."""
    found = len(split_by_label(target)[0])
    if found != classifier.labels:
        raise ValueError(f"the classifier knows {classifier.labels} labels, the target has {found}")
    plan = Plan(steps, batch_size, learning_rate)
    generator = generator or torch.Generator().manual_seed(0)
    moments = PairMoments.of(source.sample(4096, generator), target.sample(4096, generator))
    classifier.table.copy_(Normalisation.of(schedule, moments).table)

    def loss_of(weights: Tensor) -> tuple[Tensor, Tensor]:
        z, label = target.sample_labelled(plan.batch, generator)
        t = torch.rand(plan.batch, 1, generator=generator, device=generator.device)
        x = schedule.alpha(t) * z + schedule.beta(t) * source.sample(plan.batch, generator)
        loss = cross_entropy(classifier.logits(weights, x, t), label.to(weights.device))
        return loss, loss

    return descend(classifier.trained, plan, differentiated(loss_of))


@final
class _Reclocked(Classifier):
    """A classifier in the clock of a curve."""

    def __init__(self, classifier: Classifier, curve: Curve) -> None:
        self._classifier, self._back, self.labels = classifier, curve.back, classifier.labels

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        return self._classifier.log_prob(x, self._back(float(t)))

    def gradient(self, x: Tensor, t: Time, label: int) -> Tensor:
        return self._classifier.gradient(x, self._back(float(t)), label)


# ---- guided fields -----------------------------------------------------------------------------------


class _Guided(Field):
    """A field plus a pull; its parts are the subclasses' ``velocity_and_score``."""

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        return self.velocity_and_score(x, t)[0]

    def score(self, x: Tensor, t: Time) -> Tensor:
        return self.velocity_and_score(x, t)[1]

    def data(self, x: Tensor, t: Time) -> Tensor:
        """D = (x + beta^2 s) / alpha."""
        c = Coefficients.at(self.schedule, _inside(t), x)
        return (x + c.beta**2 * self.score(x, _inside(t))) / c.alpha

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        """By centred differences, in float64: the pull has no closed-form divergence."""
        wide, h = x.double(), 1e-4
        total = torch.zeros_like(wide[:, 0])
        for i in range(x.shape[1]):
            step = torch.zeros_like(wide)
            step[:, i] = h
            total = total + (self.velocity(wide + step, t) - self.velocity(wide - step, t))[:, i] / (2 * h)
        return total.to(x)


@final
class ClassifierGuided(_Guided):
    """s + S grad log p_t(y given x) and u + S (g^2/2) grad log p_t(y given x) (Chen 2024, eq 36).

    S = 0 is the field itself, S = 1 with an exact classifier the conditional path, S > 1 sharpens. g^2/2 is
    taken ``MARGIN`` inside of t = 0, where it is infinite and the gradient 0.
    """

    def __init__(self, field: Field, classifier: Classifier, label: int, scale: float) -> None:
        """Raises ValueError for a label that the classifier does not know or a scale below 0."""
        if not 0 <= label < classifier.labels:
            raise ValueError(f"label must lie in 0 ... {classifier.labels - 1}, got {label}")
        _require_scale(scale)
        self.field, self.classifier, self.label, self.scale = field, classifier, label, scale
        self.schedule = field.schedule

    def on_curve(self) -> tuple[Field, Curve]:
        field, curve = self.field.on_curve()
        classifier = _Reclocked(self.classifier, curve)
        return ClassifierGuided(field, classifier, self.label, self.scale), curve

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        velocity, score = self.field.velocity_and_score(x, t)
        pull = self.scale * self.classifier.gradient(x, _inside(t), self.label)
        c = Coefficients.at(self.schedule, _inside(t), x)
        return velocity + c.beta_wronskian / c.alpha * pull, score + pull


@final
class ClassifierFree(_Guided):
    """u + S (u_y - u) and s + S (s_y - s): the extrapolation from the unconditional field through the
    conditional one. Equal to classifier guidance with the exact classifier."""

    def __init__(self, unconditional: Field, conditional: Field, scale: float) -> None:
        """Raises ValueError for a scale below 0."""
        _require_scale(scale)
        self.unconditional, self.conditional, self.scale = unconditional, conditional, scale
        self.schedule = unconditional.schedule

    def on_curve(self) -> tuple[Field, Curve]:
        unconditional, curve = self.unconditional.on_curve()
        return ClassifierFree(unconditional, self.conditional.on_curve()[0], self.scale), curve

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        velocity, score = self.unconditional.velocity_and_score(x, t)
        towards, steeper = self.conditional.velocity_and_score(x, t)
        return torch.lerp(velocity, towards, self.scale), torch.lerp(score, steeper, self.scale)


def _require_scale(scale: float) -> None:
    if not 0 <= scale < float("inf"):
        raise ValueError(f"the guidance scale must be a finite number of at least 0, got {scale}")


def _inside(t: Time) -> Tensor:
    return as_time(t).clamp(MARGIN, 1.0)
