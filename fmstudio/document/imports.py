"""Files of points and pictures as distributions; the only door by which other people's files come in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fmstudio.document.foreign import ImportProblem
from fmstudio.document.pictures import import_picture
from fmstudio.document.point_files import import_points
from fmstudio.document.sentences import short
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec
from fmstudio.document.vectors import import_vector

__all__ = ["SUFFIXES", "ImportProblem", "import_picture", "import_points", "import_target"]

POINT_SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".txt", ".dat", ".npy")
PICTURE_SUFFIXES: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")

VECTOR_SUFFIX = ".svg"
"""Drawn by Qt, in a process of its own."""

SUFFIXES: tuple[str, ...] = (*POINT_SUFFIXES, *PICTURE_SUFFIXES)


def import_target(path: Path, other: Any = None) -> PointsSpec | DrawnSpec:
    """The distribution in a file, by its suffix; points in the units of those at the ``other`` end, where
    that can be. Raises ImportProblem, one sentence."""
    name = short(path.name)
    if os.path.isdir(path):  # which raises nothing
        raise ImportProblem(f"{name} is a folder: give a file of points or a picture.")
    suffix = path.suffix.lower()
    if suffix == VECTOR_SUFFIX:
        return import_vector(path)
    if suffix in POINT_SUFFIXES:
        return import_points(path, other if isinstance(other, PointsSpec) else None)
    if suffix in PICTURE_SUFFIXES:
        return import_picture(path)
    raise ImportProblem(f"{name} cannot be imported: give points (.csv, .npy) or a picture (.png, .jpg).")
