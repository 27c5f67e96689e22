"""The curve of a training is one row, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.saved_model import MOST_CHECKPOINTS, Checkpoint, SavedCurve, SavedModel
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec


@pytest.mark.parametrize("shape", [(0,), (1,), (40,)])
def test_that_a_row_of_losses_is_a_curve(shape: tuple[int, ...]) -> None:
    losses = FrozenArray(np.zeros(shape, np.float32))
    assert SavedCurve(first_step=0, steps=40, losses=losses).losses == losses


@pytest.mark.parametrize("shape", [(), (2, 2), (1, 4), (2, 1, 1)])
def test_that_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="one row"):
        SavedCurve(first_step=0, steps=40, losses=FrozenArray(np.zeros(shape, np.float32)))


FLAT = FrozenArray(np.zeros(5, np.float32))


def model(*kept: Checkpoint) -> SavedModel:
    document = Document()
    ends = {"source": document.source, "target": document.target, "path": document.path}
    return SavedModel.model_validate(
        {
            "model": ModelSpec(),
            "objective": Objective.CFM,
            "parameters": FLAT,
            "step": 9,
            **ends,
            "training": TrainingSpec(),
            "checkpoints": kept,
        }
    )


def at(step: int, values: FrozenArray = FLAT) -> Checkpoint:
    return Checkpoint(step=step, parameters=values)


def test_that_checkpoints_stand_in_the_order_of_their_steps() -> None:
    assert [kept.step for kept in model(at(0), at(5)).checkpoints] == [0, 5]
    for wrong in ((at(5), at(0)), (at(5), at(5))):
        with pytest.raises(ValidationError, match="order"):
            model(*wrong)


@pytest.mark.parametrize(
    ("values", "words"), [([0.0], "another network"), ([np.nan, 0, 0, 0, 0], "NaN or infinite")]
)
def test_that_a_checkpoint_is_of_the_same_network_and_finite(values: list[float], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        model(at(5, FrozenArray(values)))


def test_that_there_are_never_more_than_are_kept() -> None:
    with pytest.raises(ValidationError, match="at most"):
        model(*(at(step) for step in range(MOST_CHECKPOINTS + 1)))
