"""Pictures as densities: ink is what differs from the ground, darker, lighter or of another colour."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.foreign import ImportProblem, border, read_bytes
from fmstudio.document.sentences import short
from fmstudio.document.specs.distribution import PICTURE_CELLS as CELLS
from fmstudio.document.specs.distribution import DrawnSpec, PictureSpec

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
MAX_MEGAPIXELS = 32
MOST_FRAMES = 100
_NAME = 80
"""Signs of a file's name by which its drawing is called."""
_NOISE = 0.04
"""Ink fainter than this (black on white is 1) is taken for grain, where there is stronger ink."""
_FAINTEST = 0.012
"""Three shades of 256: less is no ink."""
_GRAIN = 3.5 * 1.4826
"""Of a normal grain, 3.5 deviations by the median of its size."""
_PLAIN_GRAIN = 0.1
"""A ground that strays farther is a picture of something."""
_RING = 16
"""What surrounds a picture is a band of a sixteenth of its side: a thin frame is not all of it."""
_SHADES = 32
"""Shades of a channel that are told apart when the commonest colour of the border is sought."""

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Contrast:
    """How far each pixel is from the ground, (height, width); 1 is black on white. The ground in words."""

    values: Plane
    ground: str

    @property
    def peak(self) -> float:
        return float(self.values.max())

    @property
    def grain(self) -> float:
        """How far the ground strays from itself (3.5 deviations, judged by the median of what surrounds)."""
        return _GRAIN * float(np.median(_border(self.values)))

    @property
    def has_ink(self) -> bool:
        return self.peak > max(_FAINTEST, min(1.6 * self.grain, _PLAIN_GRAIN))

    @property
    def threshold(self) -> float:
        """What is fainter, as a share of the peak, is taken for the grain of paper, JPEG or camera."""
        return round(min(max(min(_NOISE / self.peak, 0.3), self.grain / self.peak), 0.6), 3)


def import_picture(path: Path) -> DrawnSpec:
    """A picture as a density on a 256 x 256 raster, its shape kept. Raises ImportProblem.

    The commonest colour of the border is the ground, and ink is what differs from it; on nothing, it is what
    covers. Of a film, it is the first frame with ink.
    """
    with border(path, "picture that can be read: save it as PNG and try again"):
        return picture_in(read_bytes(path), path)


def picture_in(data: bytes, path: Path) -> DrawnSpec:
    """As ``import_picture``, of the content of ``path``. Raises what ``border`` expects."""
    name = short(path.name)
    shown, frames, contrast = _first_with_ink(data, name)
    if contrast is None:
        which = f" in each of its first {frames} frames" if frames > 1 else ""
        raise ImportProblem(f"{name} is all of one colour{which}: a density needs ink on a ground.")
    picture = PictureSpec(contrast=FrozenArray(contrast.values / contrast.peak), threshold=contrast.threshold)
    notes = ["its first frame" if shown == 1 else "its first frame with ink"] if frames > 1 else []
    notes.append(f"ink is what differs from {contrast.ground}")
    return DrawnSpec.of_picture(picture, short(path.stem, _NAME), "; ".join(notes))


def _first_with_ink(data: bytes, name: str) -> tuple[int, int, _Contrast | None]:
    """The number of the frame, how many there are, and its contrast, or None if there is none anywhere.

    The content says what a picture is, not its name, and only these formats are read: the reader of another
    one (PostScript) would start a program.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which is not used here
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                return _looked_through(picture, name)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise _too_large(name, "far more") from error


def _looked_through(picture: Image.Image, name: str) -> tuple[int, int, _Contrast | None]:
    """Each frame's size is judged before it is unpacked, and none is unpacked behind the first with ink."""
    count = min(getattr(picture, "n_frames", 1), MOST_FRAMES)
    for number in range(count):
        if number:
            picture.seek(number)
        _check_size(picture, name)
        picture.draft(None, (2 * CELLS, 2 * CELLS))  # a JPEG is unpacked no larger than needed
        contrast = _contrast(_shrunk(ImageOps.exif_transpose(picture)))
        if contrast.has_ink:
            return number + 1, count, contrast
    return count, count, None


def _check_size(picture: Image.Image, name: str) -> None:
    megapixels = picture.width * picture.height / 1e6
    if megapixels > MAX_MEGAPIXELS:
        raise _too_large(name, f"{megapixels:.0f}")


def _too_large(name: str, megapixels: str) -> ImportProblem:
    return ImportProblem(
        f"{name} has {megapixels} megapixels where {MAX_MEGAPIXELS} are allowed: make it smaller "
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


# ---- ink ---------------------------------------------------------------------------------------------


def _contrast(picture: Image.Image) -> _Contrast:
    values = np.asarray(picture, dtype=np.float32)
    if picture.mode == "F":
        ground = float(_commonest(_border(values)[:, None])[0])
        return _Contrast(np.abs(values - ground), "the value that surrounds it")
    values = values / np.float32(255)
    colour, cover = values[..., :3], values[..., 3]
    if np.median(_border(cover)) < 0.5:
        return _Contrast(cover, "nothing: it is what covers")
    opaque = _border(colour)[_border(cover) >= 0.5]
    ground_colour = _commonest(opaque)
    seen = _perceived(colour)
    distance: Plane = _length(seen - _perceived(ground_colour)) * cover
    slope: Plane = _length(seen - _sloping_ground(seen)) * cover
    if np.median(_border(slope)) < 0.5 * np.median(_border(distance)):
        return _Contrast(slope, "the ground that surrounds it, which grows lighter to one side")
    red, green, blue = (round(255 * float(value)) for value in ground_colour)
    return _Contrast(distance, f"the ground that surrounds it (#{red:02x}{green:02x}{blue:02x})")


def _length(gaps: Plane) -> Plane:
    length: Plane = np.sqrt(np.square(gaps).sum(axis=-1)).astype(np.float32)
    return length


def _sloping_ground(seen: Plane) -> Plane:
    """The plane through what surrounds, channel by channel, without what strays far from it: paper under a
    lamp."""
    high, wide = seen.shape[:2]
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    terms = np.stack([np.ones_like(x), x, y], axis=-1)
    around, there = _border(seen), _border(terms)
    for _ in range(4):
        plane = np.linalg.lstsq(there, around, rcond=None)[0]
        strays = _length(around - there @ plane)
        near = strays <= 3 * np.median(strays) + 1e-6
        around, there = around[near], there[near]
    ground: Plane = (terms @ plane).astype(np.float32)
    return ground


def _commonest(colours: Plane) -> Plane:
    """The middle of those of a list (n, channels) that fall into its fullest bin."""
    bins = np.minimum((colours * _SHADES).astype(np.int64), _SHADES - 1)
    _, which, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    middle: Plane = np.median(colours[which.reshape(-1) == counts.argmax()], axis=0)
    return middle


def _perceived(colour: Plane) -> Plane:
    """sRGB in [0, 1] as Oklab (bottosson.github.io/posts/oklab), whose distances are as the eye sees them;
    white has the lightness 1."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ _CONES.T)
    seen: Plane = (cones @ _OPPONENTS.T).astype(np.float32)
    return seen


_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _border(values: Plane) -> Plane:
    """The pixels of the band that surrounds a picture, (n,) or (n, channels)."""
    wide = max(1, min(values.shape[:2]) // _RING)
    inside = np.zeros(values.shape[:2], bool)
    inside[wide:-wide, wide:-wide] = True
    return values[~inside]
