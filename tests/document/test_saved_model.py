"""The curve of a training is one row, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.saved_model import SavedCurve


@pytest.mark.parametrize("shape", [(0,), (1,), (40,)])
def test_that_a_row_of_losses_is_a_curve(shape: tuple[int, ...]) -> None:
    losses = FrozenArray(np.zeros(shape, np.float32))
    assert SavedCurve(first_step=0, steps=40, losses=losses).losses == losses


@pytest.mark.parametrize("shape", [(), (2, 2), (1, 4), (2, 1, 1)])
def test_that_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="one row"):
        SavedCurve(first_step=0, steps=40, losses=FrozenArray(np.zeros(shape, np.float32)))
