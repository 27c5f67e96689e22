"""Fair timing: both sides warm, in turns, medians; and the largest array that a piece of work makes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

Work = Callable[[], Any]


def rates(ours: Work, peer: Work | None, seconds: float, turns: int) -> tuple[float, float | None]:
    """Calls per second of either, each running ``seconds`` at a time in turns; medians over the turns. The
    peer comes warm."""
    sides = [side for side in (ours, peer) if side is not None]
    ours()
    found: list[list[float]] = [[] for _ in sides]
    for _ in range(turns):
        for side, figures in zip(sides, found, strict=True):
            figures.append(_rate(side, seconds))
    medians = [statistics.median(figures) for figures in found]
    return medians[0], medians[1] if len(medians) > 1 else None


def _rate(work: Work, seconds: float) -> float:
    count, started = 0, time.perf_counter()
    while True:
        work()
        count += 1
        passed = time.perf_counter() - started
        if passed >= seconds:
            return count / passed


def largest_array(work: Work) -> int:
    """Bytes of the largest tensor that ``work`` makes on its way."""
    watch = _Largest()  # type: ignore[no-untyped-call]
    with watch:
        work()
    return watch.bytes


class _Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every tensor that an operation returns."""

    bytes: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            storage = tensor.untyped_storage()
            self.bytes = max(self.bytes, storage.nbytes())
        return result


def _tensors(result: Any) -> Iterable[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        yield result
    elif isinstance(result, tuple | list):
        for part in result:
            yield from _tensors(part)
