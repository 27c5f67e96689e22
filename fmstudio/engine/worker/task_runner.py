"""The real workshop of the loop: tasks on torch, and what their errors mean. Imported in the engine alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import final

import torch

from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import Refusal, Request, TrainRequest
from fmstudio.engine.protocol import Notice
from fmstudio.engine.worker import tasks
from fmstudio.engine.worker.particles import RecentTrajectories
from fmstudio.engine.worker.training_job import TrainingJob
from fmstudio.flows.learning.training import TrainingDiverged
from fmstudio.flows.motion.resolution import TooCoarse

_MEMORY_ADVICE = "Memory ran out: use fewer particles or steps, or a smaller batch or network."


@final
class TorchTaskRunner:
    """Starts tasks and trainings; keeps recent simulations."""

    def __init__(self) -> None:
        self._recent = RecentTrajectories()

    def start(self, request: Request, result: ResultArray) -> Iterator[float]:
        return _without_gradients(tasks.start(request, result, self._recent))

    def train(self, job: int, request: TrainRequest, emit: Callable[[Notice], None]) -> TrainingJob:
        return TrainingJob(job, request, emit)

    def make_room(self) -> None:
        """Forget what is kept for speed alone."""
        self._recent.clear()

    def explain(self, error: Exception) -> tuple[Refusal, str] | None:
        """A refusal and its sentence, or None for an error that nobody foresaw."""
        if _is_out_of_memory(error):
            self.make_room()
            return Refusal.OUT_OF_MEMORY, _MEMORY_ADVICE
        if isinstance(error, TrainingDiverged):
            return Refusal.FAILURE, str(error)
        if isinstance(error, TooCoarse):
            return Refusal.TOO_COARSE, str(error)
        if isinstance(error, ValueError):
            return Refusal.BAD_INPUT, str(error)
        return None


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # torch's allocator for main memory has no error type of its own.
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def _without_gradients(task: Iterator[float]) -> Iterator[float]:
    """Off around each slice only: torch's gradient mode belongs to the thread, and others run in between."""
    while True:
        with torch.no_grad():
            progress = next(task, None)
        if progress is None:
            return
        yield progress


def prepare_torch(threads: int | None = None) -> None:
    """Settings of the whole process: threads (by default as many as leave room for the window), and no slow
    denormal numbers."""
    torch.set_num_threads(threads or engine_threads())
    torch.set_flush_denormal(True)


def engine_threads() -> int:
    """How many of the machine's cores the engine takes: they leave room for the window."""
    return max(1, min(2, (os.cpu_count() or 1) // 2))


def describe_device() -> str:
    """What training can use, for people."""
    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    return "cpu"


def torch_version() -> str:
    return str(torch.__version__)
