"""Pictures as densities: dark ink on a light ground, light ink on a dark one, or anything on nothing."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.point_files import ImportProblem, read_bytes
from fmstudio.document.specs.distribution import DrawnSpec

CELLS = 256
MAX_MEGAPIXELS = 32
_NOISE = 0.04
"""Ink fainter than this is taken for the grain of the paper (or of JPEG)."""

Plane = npt.NDArray[np.float32]


def import_picture(path: Path) -> DrawnSpec:
    """A picture as a density on a 256 x 256 raster, its shape kept. Raises ImportProblem.

    The border decides what is ground: ink is the difference from it, and transparent parts hold none.
    """
    picture = _decoded(read_bytes(path), path.name)
    ink = _ink(*_light_and_cover(picture))
    if not ink.any():
        raise ImportProblem(f"{path.name} is all of one colour: a density needs ink on a ground.")
    height, width = ink.shape
    raster = np.zeros((CELLS, CELLS), np.float32)
    top, left = (CELLS - height) // 2, (CELLS - width) // 2
    raster[top : top + height, left : left + width] = ink
    return DrawnSpec(raster=FrozenArray(raster[::-1]), name=path.stem)


def _decoded(data: bytes, name: str) -> Image.Image:
    """The picture, turned upright, at most 256 pixels a side. Its size is judged before it is unpacked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which is not used here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                _check_size(picture, name)
                picture.draft(None, (2 * CELLS, 2 * CELLS))  # a JPEG is unpacked no larger than needed
                return _shrunk(ImageOps.exif_transpose(picture))
    except ImportProblem:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImportProblem(_too_large(name, "far more")) from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
        TypeError,
        LookupError,
    ) as error:
        raise ImportProblem(
            f"{name} is no picture that can be read: save it as PNG and try again."
        ) from error
    except MemoryError as error:
        raise ImportProblem(
            f"There is not enough memory for {name}: make it smaller and try again."
        ) from error


def _check_size(picture: Image.Image, name: str) -> None:
    megapixels = picture.width * picture.height / 1e6
    if megapixels > MAX_MEGAPIXELS:
        raise ImportProblem(_too_large(name, f"{megapixels:.0f} megapixels where"))


def _too_large(name: str, how_many: str) -> str:
    return (
        f"{name} has {how_many} {MAX_MEGAPIXELS} megapixels are allowed: make it smaller "
        f"({CELLS} pixels a side are enough) and try again."
    )


def _shrunk(picture: Image.Image) -> Image.Image:
    """As ``RGBA`` or, with more than 8 bits, ``F`` in [0, 1]; the longer side at most 256 pixels."""
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float32)
        values = np.where(np.isfinite(values), values, 0)
        top = float(values.max() - values.min())
        picture = Image.fromarray((values - values.min()) / (top or 1.0))
    else:
        picture = picture.convert("RGBA")
    scale = CELLS / max(picture.size)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX)


def _light_and_cover(picture: Image.Image) -> tuple[Plane, Plane]:
    """Luminance and opacity in [0, 1], each (height, width)."""
    values = np.asarray(picture, dtype=np.float32)
    if picture.mode == "F":
        return values, np.ones_like(values)
    values = values / np.float32(255)
    light: Plane = values[..., :3] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return light, values[..., 3]


def _ink(light: Plane, cover: Plane) -> Plane:
    """How far each pixel is from the ground, in [0, 1], grain removed."""
    if np.median(_border(cover)) < 0.5:
        mean = float((light * cover).sum() / max(float(cover.sum()), 1e-9))
        ground = 1.0 if mean < 0.5 else 0.0  # nothing around it: lay it on what it stands out from
    else:
        ground = float(np.median(_border(light)))
    shown = light * cover + ground * (1 - cover)
    ink = ground - shown if ground > 0.5 else shown - ground
    return np.where(ink > _NOISE, ink, 0).astype(np.float32)


def _border(values: Plane) -> Plane:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
