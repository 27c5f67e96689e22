"""Distributions that a person makes: imported points, drawings and pictures."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.extent import Extent, Interval
from fmstudio.document.specs.law import Law
from fmstudio.document.specs.spec import Spec, setting
from fmstudio.document.specs.units import PLANE, Units

PICTURE_CELLS = 256
MAX_LABELS = 64
"""As many as guidance may choose from."""


class PointsSpec(Law):
    """Imported points, each blurred by a normal of the given width."""

    title: ClassVar[str] = "Points"
    is_normal = has_parts = False
    kind: Literal["points"] = "points"
    points: FrozenArray
    """(n, 2), n >= 2, in the plane's units"""
    width: float = setting(0.05, "Width", low=0.001, high=2.0, step=0.01)
    name: str = "points"
    units: Units = PLANE
    """those of the file: every figure that leaves the studio is in them"""
    labels: FrozenArray | None = None
    """(n,), numbered from 0; each borne by some point"""
    label_names: tuple[str, ...] = ()
    """what each number stands for in the file"""
    note: str = ""
    """how the file was read, where that could be read otherwise"""

    @property
    def remarks(self) -> str:
        """How the file became these points, as a person should know; '' where nothing was done to it."""
        return "; ".join(words for words in (self.units.words(), self.note) if words)

    @property
    def story(self) -> str:
        """What came from which file and how it was read, as it stands beside the points."""
        count = f"{self.points.shape[0]:,}"
        whole = "" if self.note.startswith(f"{count} of ") else f"{count} points"
        return f"{self.name}: " + "; ".join(words for words in (whole, self.remarks) if words)

    @model_validator(mode="after")
    def _plane(self) -> Self:
        shape = self.points.shape
        if len(shape) != 2 or shape[1] != 2 or shape[0] < 2:
            raise ValueError(f"points must have shape (n, 2) with n of at least 2, got {shape}")
        if not np.isfinite(self.points.values).all():
            raise ValueError("points hold NaN or infinite values; remove these rows")
        if self.labels is not None:
            self._require_labels(self.labels)
        return self

    def extent(self) -> Extent:
        return _reach_of_points(self.points).plus(Extent.square(0.0, self.width))

    def _require_labels(self, labels: FrozenArray) -> None:
        values = labels.values
        if values.shape != self.points.shape[:1] or not np.isfinite(values).all():
            raise ValueError(f"labels must be one number a point, got shape {values.shape}")
        found = np.unique(values)
        if len(found) > MAX_LABELS or not np.array_equal(found, np.arange(len(found))):
            raise ValueError(f"labels must be numbered 0, 1, ... without gaps, {MAX_LABELS} at most")


class PictureSpec(Spec):
    """Of which picture a drawing was made, and what of it is ink."""

    contrast: FrozenArray
    """(height, width), each at most 256: how far each pixel is from the ground, from 0 to 1"""
    threshold: float = setting(
        0.04, "Threshold", low=0.0, high=0.9, step=0.01, hint="What differs less from the ground is no ink"
    )
    inverted: bool = False
    """the ground is ink, and the ink is ground"""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        values = self.contrast.values
        if values.ndim != 2 or not 1 <= min(values.shape) <= max(values.shape) <= PICTURE_CELLS:
            raise ValueError(f"contrast must be of {PICTURE_CELLS} pixels a side at most, got {values.shape}")
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
            raise ValueError("contrast must hold numbers from 0 to 1")
        return self

    def ink(self) -> npt.NDArray[np.float32]:
        """The raster, its lowest row first, with the picture in its middle."""
        contrast = self.contrast.values
        shown = np.where(contrast > self.threshold, contrast, 0)
        if self.inverted:
            shown = 1 - shown
        height, width = shown.shape
        top, left = (PICTURE_CELLS - height) // 2, (PICTURE_CELLS - width) // 2
        raster = np.zeros((PICTURE_CELLS, PICTURE_CELLS), np.float32)
        raster[top : top + height, left : left + width] = shown
        return raster[::-1]


class DrawnSpec(Law):
    """A drawing or picture: a raster of non-negative mass on a square; row 0 is the lowest row (y up).

    An all-zero raster is an empty canvas that waits for a stroke: it is a valid document, but no target.
    """

    title: ClassVar[str] = "Drawn"
    is_normal = has_parts = False
    kind: Literal["drawn"] = "drawn"
    raster: FrozenArray = Field(default_factory=lambda: FrozenArray(np.zeros((256, 256), np.float32)))
    """(G, G) float32 >= 0; any scale"""
    half: float = setting(3.0, "Half side", low=0.1, high=20.0, step=0.1)
    """The raster covers [-half, half]^2"""
    name: str = "drawing"
    picture: PictureSpec | None = None
    """what the raster was made of, until a stroke changes it"""
    note: str = ""
    """how the picture was read"""

    @classmethod
    def of_picture(cls, picture: PictureSpec, name: str, note: str = "") -> Self:
        return cls(raster=FrozenArray(picture.ink()), name=name, picture=picture, note=note)

    @property
    def remarks(self) -> str:
        """How a picture became this drawing; '' for one that was drawn here."""
        return self.note

    @property
    def story(self) -> str:
        """How a picture was read, as it stands beside it; '' for a drawing."""
        return f"{self.name}: {self.note}" if self.picture is not None and self.note else ""

    def read_as(self, **changes: Any) -> Self:
        """The picture with another ``threshold``, or ``inverted``. Only for what was made of one."""
        assert self.picture is not None
        fields = {name: getattr(self.picture, name) for name in PictureSpec.model_fields}
        picture = PictureSpec.model_validate({**fields, **changes})
        return self.model_copy(update={"picture": picture, "raster": FrozenArray(picture.ink())})

    @model_validator(mode="after")
    def _mass(self) -> Self:
        values = self.raster.values
        if values.ndim != 2 or values.shape[0] != values.shape[1] or not 8 <= values.shape[0] <= 1024:
            raise ValueError(f"raster must be square with 8 to 1024 cells a side, got {values.shape}")
        if not np.isfinite(values).all() or (values < 0).any():
            raise ValueError("raster must hold finite numbers of at least 0")
        return self

    @property
    def is_empty(self) -> bool:
        """No ink, or less than the engine's arithmetic tells from none (it takes denormal numbers for 0)."""
        return not bool((self.raster.values >= np.finfo(np.float32).tiny).any())

    def extent(self) -> Extent:
        """The whole sheet, so that the view rests while somebody draws on it."""
        return Extent.square(self.half)


@lru_cache(maxsize=16)
def _reach_of_points(points: FrozenArray) -> Extent:
    low, high = points.values.min(axis=0), points.values.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    half_x, half_y = ((high - low) / 2).tolist()
    return Extent(Interval(x, half_x), Interval(y, half_y))
