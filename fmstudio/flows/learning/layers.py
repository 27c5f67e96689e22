"""Layers of a perceptron as views into one flat vector: weight (inputs, outputs), row-major, then bias."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

Layers = list[tuple[Tensor, Tensor]]


def count(sizes: Sequence[int]) -> int:
    """How many numbers the layers between ``sizes`` hold."""
    return sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes))


def matrices(numbers: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """(inputs + 1, outputs) of each layer, sharing memory with ``numbers``: the bias is the last row, the
    weight of an input that is always 1."""
    found, first = [], 0
    for inputs, outputs in itertools.pairwise(sizes):
        last = first + (inputs + 1) * outputs
        found.append(numbers[first:last].view(inputs + 1, outputs))
        first = last
    return found


def views(numbers: Tensor, sizes: Sequence[int]) -> Layers:
    """(weight, bias) of each layer, sharing memory with ``numbers``."""
    return [(matrix[:-1], matrix[-1]) for matrix in matrices(numbers, sizes)]


def start(layers: Layers, gain: float, generator: torch.Generator, bias: float = 0.0) -> None:
    """Uniform weights that give a unit input of standard deviation ``gain`` from inputs of 1; biases uniform
    up to ``bias``. The last layer stays as it is, 0: a fresh network answers 0."""
    for weight, offset in layers[:-1]:
        draw = torch.rand(weight.shape, generator=generator, device=generator.device)
        weight.copy_((2 * draw - 1) * gain * math.sqrt(3 / len(weight)))
        if bias:
            draw = torch.rand(offset.shape, generator=generator, device=generator.device)
            offset.copy_((2 * draw - 1) * bias)


def require_flat(flat: Tensor, expected: int, what: str) -> None:
    """Raises ValueError unless ``flat`` holds as many finite numbers as ``what`` takes."""
    if flat.shape != (expected,):
        raise ValueError(f"flat must hold {expected} numbers for {what}, got {tuple(flat.shape)}")
    if not bool(torch.isfinite(flat).all()):
        raise ValueError("flat holds NaN or infinite numbers")
