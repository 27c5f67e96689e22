"""Density and field of a drawn 256 x 256 target on a 256 x 256 grid: engine time for one moment."""

from __future__ import annotations

import statistics
import time

import numpy as np

from fmstudio.bench.row import Row, within

SIDE = 256
RUNS = 30


def measure() -> list[Row]:
    import torch

    from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec
    from fmstudio.document.specs.path import CondOTSpec
    from fmstudio.engine.worker.build import marginal
    from fmstudio.engine.worker.task_runner import prepare_torch
    from fmstudio.studio.drawing import Brush, stroke

    prepare_torch()
    grid = torch.linspace(-3, 3, SIDE)
    target = DrawnSpec()
    times = []
    for k in range(RUNS):
        angle = 2 * np.pi * k / RUNS
        ends = [(1.5 * float(np.cos(a)), 1.5 * float(np.sin(a))) for a in (angle, angle + 0.3)]
        target = stroke(target, ends[0], ends[1], Brush())
        started = time.perf_counter()
        marginal(StandardNormalSpec(), target, CondOTSpec()).on_grid(grid, grid, k / (RUNS - 1))
        times.append(1e3 * (time.perf_counter() - started))
    return [within("drawn target, density and field", statistics.median(times[3:]), "ms", 12.0)]
