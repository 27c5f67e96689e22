"""Files of points and pictures as distributions; the only door by which other people's files come in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fmstudio.document.pictures import import_picture
from fmstudio.document.point_files import ImportProblem, import_points
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec

__all__ = ["SUFFIXES", "ImportProblem", "import_picture", "import_points", "import_target"]

POINT_SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".txt", ".dat", ".npy")
PICTURE_SUFFIXES: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")

_IMPORTERS: dict[str, Callable[[Path], PointsSpec | DrawnSpec]] = {
    **dict.fromkeys(POINT_SUFFIXES, import_points),
    **dict.fromkeys(PICTURE_SUFFIXES, import_picture),
}

SUFFIXES: tuple[str, ...] = tuple(_IMPORTERS)


def import_target(path: Path) -> PointsSpec | DrawnSpec:
    """The distribution in a file, by its suffix. Raises ImportProblem, one sentence."""
    if path.is_dir():
        raise ImportProblem(f"{path.name} is a folder: give a file of points or a picture.")
    suffix = path.suffix.lower()
    if suffix == ".svg":
        raise ImportProblem(
            f"{path.name} is a vector drawing, which cannot be imported: save it as PNG first."
        )
    importer = _IMPORTERS.get(suffix)
    if importer is None:
        raise ImportProblem(
            f"{path.name} cannot be imported: give points (.csv, .npy) or a picture (.png, .jpg)."
        )
    return importer(path)
