"""How far samples are from a target: figures beside what a perfect sampler would score."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fmstudio.document.arrays import read_npy
from fmstudio.document.foreign import ImportProblem, border, read_bytes
from fmstudio.document.overrides import named_distribution
from fmstudio.document.sentences import short
from fmstudio.document.specs.distribution import PointsSpec, units_of
from fmstudio.engine.worker import build
from fmstudio.engine.worker.task_runner import prepare_torch
from fmstudio.flows.measures import metrics

FLOOR_REPEATS = 2
PAIRWISE_POINTS = 10_000
_LARGEST = 4 * 2**30
_NAMES = ("x", "t", "trajectories")


Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """What is in the file, in its own units; ``trajectories`` (frames, n, 2) with their times, if kept."""

    x: Array
    t: Array | None
    trajectories: Array | None


def measured(path: Path, target: str, source: str | None, seed: int, points: int) -> dict[str, Any]:
    """The figures by name; ``npe`` is None without trajectories. Raises ValueError with one sentence.

    A built-in target is drawn from anew; a file of points is compared with as it is, and distances are in its
    units. The kernels of MMD have widths in units of the plane, in which the points are some 3 wide.
    """
    if points < 2:
        raise ValueError(f"points must be at least 2, got {points}")
    samples = read_samples(path)
    prepare_torch()
    generator = torch.Generator().manual_seed(seed)
    law = _Law(named_distribution(target))
    units = units_of(law.spec)
    x = _some(_tensor(units.to_plane(samples.x)), points, generator)
    y = law.draw(len(x), generator)
    floor = law.floor(len(x), generator)
    few_x, few_y = x[:PAIRWISE_POINTS], y[:PAIRWISE_POINTS]
    return {
        "n": len(x),
        "w2": units.scale * metrics.w2(x, y),
        "w2_floor": units.scale * floor,
        "sliced_w2": units.scale * metrics.sliced_w2(x, y, generator),
        "mmd": metrics.mmd(few_x, few_y),
        "energy_distance": units.scale * metrics.energy_distance(few_x, few_y),
        "npe": _npe(samples, law, source, y, points, generator),
    }


def read_samples(path: Path) -> Samples:
    """The arrays of a .npz file of 'fmstudio sample'. Raises ValueError with one sentence."""
    with border(path, ".npz file of numbers: give what 'fmstudio sample' wrote"):
        return _samples(_arrays(path), short(path.name))


def _samples(arrays: dict[str, Any], name: str) -> Samples:
    if "x" not in arrays or arrays["x"].ndim != 2 or arrays["x"].shape[1] != 2 or len(arrays["x"]) < 2:
        raise ImportProblem(f"{name} holds no samples: it needs an array x of shape (n, 2), n at least 2.")
    x, t, states = arrays["x"], arrays.get("t"), arrays.get("trajectories")
    if states is not None and (t is None or states.shape != (len(t), len(x), 2)):
        raise ImportProblem(f"{name}: trajectories need shape (frames, n, 2), with times t (frames,).")
    if not all(np.isfinite(a).all() for a in (x, t, states) if a is not None):
        raise ImportProblem(f"{name} holds NaN or infinite values: sample again with more steps.")
    rest = (None if a is None else np.array(a, np.float64) for a in (t, states))
    return Samples(np.asarray(x, np.float64), *rest)


def _tensor(values: Any) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def _arrays(path: Path) -> dict[str, Any]:
    """The arrays of the zip that are ours, by name; nothing is unpickled."""
    with zipfile.ZipFile(io.BytesIO(read_bytes(path, _LARGEST))) as archive:
        there = {member.filename: member.file_size for member in archive.infolist()}
        wanted = [name for name in _NAMES if f"{name}.npy" in there]
        if sum(there[f"{name}.npy"] for name in wanted) > _LARGEST:
            raise ImportProblem(f"{short(path.name)} unpacks to more than {_LARGEST // 2**30} GB.")
        try:
            return {name: read_npy(archive.read(f"{name}.npy")) for name in wanted}
        except ValueError as error:
            raise ImportProblem(f"{short(path.name)} is no .npz file of numbers: {error}.") from error


@dataclass(frozen=True)
class _Law:
    """A distribution to compare with: a law that can be drawn from, or the points of a file themselves."""

    spec: Any

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """At most ``n`` points."""
        if isinstance(self.spec, PointsSpec):
            return _some(build.tensor(self.spec.points.values), n, generator)
        return build.distribution(self.spec).sample(n, generator)

    def floor(self, n: int, generator: torch.Generator) -> float:
        """What a perfect sampler would score: W2 between fresh draws, or between two halves of a file."""
        if isinstance(self.spec, PointsSpec):
            points = build.tensor(self.spec.points.values)
            half = min(n, len(points) // 2)
            shuffled = _some(points, 2 * half, generator)
            return metrics.w2(shuffled[:half], shuffled[half:])
        return metrics.w2_floor(build.distribution(self.spec), n, n, generator, FLOOR_REPEATS).mean


def _npe(
    samples: Samples, law: _Law, source: str | None, y: Tensor, points: int, generator: torch.Generator
) -> float | None:
    """The normalised path energy; source draws are the trajectories' starts unless a source is named."""
    if samples.trajectories is None or samples.t is None:
        return None
    states = _tensor(units_of(law.spec).to_plane(samples.trajectories))
    if source is None:
        x_0 = _some(states[0], points, generator)
    else:
        x_0 = _Law(named_distribution(source, "source", law.spec)).draw(len(y), generator)
    return metrics.normalised_path_energy(states, torch.from_numpy(samples.t), metrics.w2(x_0, y))


def _some(points: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """All points, or ``n`` of them at random."""
    if len(points) <= n:
        return points
    return points[torch.randperm(len(points), generator=generator)[:n]]
