import numpy as np

from fmstudio.engine.messages import TrainingProgress, TrainingState
from fmstudio.studio.results import TrainingRecord


def _progress(first_step: int, losses: list[float]) -> TrainingProgress:
    step = first_step + len(losses) - 1
    values = np.array(losses, np.float32)
    return TrainingProgress(1, TrainingState.RUNNING, step, 100, first_step, values, 10.0, 1.0)


def test_that_losses_line_up_with_their_steps():
    record = TrainingRecord()
    record.take(_progress(1, [5, 4, 3]))
    record.take(_progress(4, [2, 1]))
    steps, losses = record.curve()
    assert steps.tolist() == [1, 2, 3, 4, 5]
    assert losses.tolist() == [5, 4, 3, 2, 1]


def test_that_steps_run_again_replace_what_they_were_before():
    record = TrainingRecord()
    record.take(_progress(1, [5, 4, 3, 2]))
    record.take(_progress(3, [30, 20, 10]))
    steps, losses = record.curve()
    assert steps.tolist() == [1, 2, 3, 4, 5]
    assert losses.tolist() == [5, 4, 30, 20, 10]
