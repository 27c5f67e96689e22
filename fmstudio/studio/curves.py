"""alpha_t and beta_t of a path in numpy, for pictures of it. Pure; the laws live in ``flows.paths``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.document.specs.path import PathSpec

Curve = npt.NDArray[np.float64]
Pair = tuple[Curve, Curve]


def path_curves(path: PathSpec, t: npt.ArrayLike) -> Pair:
    """(alpha, beta) at the times ``t`` in [0, 1] (notation, section 2)."""
    times = np.asarray(t, np.float64)
    alpha, beta = _CURVES[path.kind](path, times)
    return alpha, beta


def _condot(_path: Any, t: Curve) -> Pair:
    return t, 1 - t


def _fm_ot(path: Any, t: Curve) -> Pair:
    return t, 1 - (1 - path.sigma_min) * t


def _noise_integral(path: Any, t: Curve) -> Curve:
    """B(s) at s = 1 - t."""
    s = 1 - t
    return np.asarray(path.beta_min * s + (path.beta_max - path.beta_min) * s * s / 2)


def _vp(path: Any, t: Curve) -> Pair:
    integral = _noise_integral(path, t)
    return np.exp(-integral / 2), np.sqrt(-np.expm1(-integral))


def _sub_vp(path: Any, t: Curve) -> Pair:
    integral = _noise_integral(path, t)
    return np.exp(-integral / 2), -np.expm1(-integral)


def _ve(path: Any, t: Curve) -> Pair:
    return np.ones_like(t), path.sigma_min * (path.sigma_max / path.sigma_min) ** (1 - t)


def _cosine(_path: Any, t: Curve) -> Pair:
    return np.sin(math.pi / 2 * t), np.sin(math.pi / 2 * (1 - t))


def _linear_vp(_path: Any, t: Curve) -> Pair:
    return t, np.sqrt((1 - t) * (1 + t))


def _polynomial(path: Any, t: Curve) -> Pair:
    return t**path.n, 1 - t**path.n


_CURVES: dict[str, Callable[[Any, Curve], Pair]] = {
    "condot": _condot,
    "fm-ot": _fm_ot,
    "vp": _vp,
    "sub-vp": _sub_vp,
    "ve": _ve,
    "cosine": _cosine,
    "linear-vp": _linear_vp,
    "polynomial": _polynomial,
}
