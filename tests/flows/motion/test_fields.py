"""Every model answers velocity, score, noise and data prediction, by conversions that lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
import torch
from torch import Tensor

from fmstudio.flows.motion.fields import ExactField, LearnedField, Prediction
from fmstudio.flows.paths.schedules import CondOT, Polynomial, Schedule
from tests.flows.cases import SCHEDULES, exact, schedule_name

QUANTITIES = ("velocity", "score", "noise", "data", "divergence")

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
every_prediction = pytest.mark.parametrize("predicts", get_args(Prediction))


def perfect(field: ExactField, predicts: Prediction) -> Callable[[Tensor, Tensor], Tensor]:
    network: Callable[[Tensor, Tensor], Tensor] = getattr(field, predicts)
    return network


@every_schedule
@every_prediction
def test_that_a_perfect_network_of_any_kind_is_the_exact_field(
    schedule: Schedule, predicts: Prediction
) -> None:
    field = ExactField(exact("normal", "modes", schedule))
    learned = LearnedField(perfect(field, predicts), schedule, predicts)
    for t in (0.01, 0.4, 0.9):
        x = field.marginal.sample(20, t, torch.Generator().manual_seed(0))
        for quantity in QUANTITIES:
            want = getattr(field, quantity)(x, t)
            size = 1 + float(want.abs().max())
            assert getattr(learned, quantity)(x, t) == pytest.approx(want, abs=1e-8 * size / t)
        velocity, score = learned.velocity_and_score(x, t)
        assert velocity == pytest.approx(learned.velocity(x, t), rel=1e-9)
        assert score == pytest.approx(learned.score(x, t), rel=1e-6, abs=1e-9)


@every_schedule
@every_prediction
@pytest.mark.parametrize("t", [0.0, 1e-6, 1 - 1e-6, 1.0])
def test_that_conversions_stay_finite_and_bounded_at_the_ends(
    schedule: Schedule, predicts: Prediction, t: float
) -> None:
    field = ExactField(exact("normal", "modes", schedule))
    learned = LearnedField(perfect(field, predicts), schedule, predicts)
    x = field.marginal.sample(20, t, torch.Generator().manual_seed(0)).float()
    for quantity in QUANTITIES:
        assert torch.isfinite(getattr(learned, quantity)(x, t)).all()
        assert torch.isfinite(getattr(field, quantity)(x, t)).all()
    if not isinstance(schedule, Polynomial):  # n = 2: alpha is 1e-6 at the margin, more than float32 resolves
        assert learned.data(x, t) == pytest.approx(field.data(x, t), abs=0.2)


def test_that_a_network_with_its_own_divergence_is_asked_for_it() -> None:
    class Swirl:
        def __call__(self, x: Tensor, t: Tensor) -> Tensor:
            return torch.stack([2 * x[:, 0] - x[:, 1], x[:, 0] + 3 * x[:, 1]], 1) * t

        def velocity_and_divergence(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
            return self(x, t), 5 * t[:, 0]

    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    t = torch.linspace(0.1, 0.9, 6)
    swirl = Swirl()
    own = LearnedField(swirl, CondOT())
    derived = LearnedField(swirl.__call__, CondOT())
    assert own.divergence(x, t) == pytest.approx(5 * t)
    assert derived.divergence(x, t) == pytest.approx(5 * t, rel=1e-5)
    for predicts in ("noise", "data", "score"):
        one, other = (LearnedField(f, CondOT(), predicts) for f in (swirl, derived.network))
        assert one.divergence(x, t) == pytest.approx(other.divergence(x, t), rel=1e-4)


def test_that_an_unknown_prediction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"predicts must be one of velocity, .* got 'momentum'"):
        LearnedField(torch.mul, CondOT(), "momentum")  # type: ignore[arg-type]
