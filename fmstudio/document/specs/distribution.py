"""Sources and targets: one union, since any of them may stand at either end.

The window offers some as sources and some as targets (``SOURCE_KINDS``, ``TARGET_KINDS``); files and the
shell may use any. Each says where it lies (``extent``), so that a view can be fitted to it. Lengths are in
the units of the plane; a built-in fits into about [-3, 3]^2.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.extent import Extent, Interval, union
from fmstudio.document.specs.spec import Spec, setting
from fmstudio.document.specs.units import PLANE, Units, Vector

Covariance = tuple[float, float, float]
"""(xx, xy, yy)"""


PICTURE_CELLS = 256
MAX_LABELS = 64
"""As many as guidance may choose from."""


class StandardNormalSpec(Spec):
    """N(0, I)."""

    title: ClassVar[str] = "Standard normal"
    kind: Literal["standard-normal"] = "standard-normal"

    def extent(self) -> Extent:
        return Extent.square(0.0, blur=1.0)


class Component(Spec):
    """One Gaussian of a mixture: N(mean, cov) with weight (relative)."""

    mean: Vector
    cov: Covariance = (0.04, 0.0, 0.04)
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _positive_definite(self) -> Self:
        xx, xy, yy = self.cov
        if xx <= 0 or yy <= 0 or xx * yy - xy * xy <= 1e-12 * xx * yy:
            raise ValueError(f"cov is singular: {self.cov}; it takes (xx, xy, yy) with xx yy > xy^2")
        return self

    def extent(self) -> Extent:
        (x, y), (xx, _, yy) = self.mean, self.cov
        return Extent(Interval(x, 0.0, math.sqrt(xx)), Interval(y, 0.0, math.sqrt(yy)))


def _ring_of_components(n: int, radius: float, std: float, turn: float = 0.0) -> tuple[Component, ...]:
    angles = [2 * math.pi * k / n + turn for k in range(n)]
    return tuple(
        Component(mean=(radius * math.cos(a), radius * math.sin(a)), cov=(std**2, 0.0, std**2))
        for a in angles
    )


class GaussianMixtureSpec(Spec):
    """Some normal clouds, each with a place, a shape and a weight of its own: sum_k w_k N(m_k, S_k)."""

    title: ClassVar[str] = "Gaussian mixture"
    kind: Literal["gaussian-mixture"] = "gaussian-mixture"
    components: tuple[Component, ...] = Field(
        default=(
            Component(mean=(-1.2, 0.9), cov=(0.09, 0.0, 0.09)),
            Component(mean=(1.2, 0.9), cov=(0.09, 0.0, 0.09)),
            Component(mean=(0.0, -1.2), cov=(0.09, 0.0, 0.09)),
        ),
        min_length=1,
        max_length=256,
    )

    def extent(self) -> Extent:
        return union(component.extent() for component in self.components)


class EightGaussiansSpec(Spec):
    """Eight Gaussians on a ring."""

    title: ClassVar[str] = "Eight Gaussians"
    kind: Literal["eight-gaussians"] = "eight-gaussians"
    radius: float = setting(2.0, "Radius", low=0.1, high=10.0, step=0.1)
    std: float = setting(0.2, "Width", low=0.01, high=3.0, step=0.01)

    def components(self) -> tuple[Component, ...]:
        return _ring_of_components(8, self.radius, self.std)

    def extent(self) -> Extent:
        return union(component.extent() for component in self.components())


class FiveModesSpec(Spec):
    """Five Gaussians on a ring, as in the 6.S184 notes, figure 4."""

    title: ClassVar[str] = "Five modes"
    kind: Literal["five-modes"] = "five-modes"
    radius: float = setting(1.8, "Radius", low=0.1, high=10.0, step=0.1)
    std: float = setting(0.3, "Width", low=0.01, high=3.0, step=0.01)

    def components(self) -> tuple[Component, ...]:
        return _ring_of_components(5, self.radius, self.std, math.pi / 2)

    def extent(self) -> Extent:
        return union(component.extent() for component in self.components())


class RingSpec(Spec):
    """A circle, blurred by a normal of the given width."""

    title: ClassVar[str] = "Ring"
    kind: Literal["ring"] = "ring"
    radius: float = setting(1.5, "Radius", low=0.1, high=10.0, step=0.1)
    width: float = setting(0.1, "Width", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent.square(self.radius, self.width)


class UniformSquareSpec(Spec):
    """Uniform on [-half, half]^2."""

    title: ClassVar[str] = "Uniform square"
    kind: Literal["uniform-square"] = "uniform-square"
    half: float = setting(1.7, "Half side", low=0.1, high=10.0, step=0.1)

    def extent(self) -> Extent:
        return Extent.square(self.half)


class TwoMoonsSpec(Spec):
    """Two interleaved half circles of unit radius, blurred, then scaled and shifted.

    The unscaled moons are those of scikit-learn (upper moon around the origin, lower one around (1, 1/2));
    ``scale`` multiplies, ``shift`` is added afterwards.
    """

    title: ClassVar[str] = "Two moons"
    kind: Literal["two-moons"] = "two-moons"
    noise: float = setting(0.07, "Noise", low=0.01, high=1.0, step=0.01)
    scale: float = setting(1.6, "Scale", low=0.1, high=10.0, step=0.1)
    shift: Vector = (-0.8, -0.4)

    def extent(self) -> Extent:
        moons = Extent(Interval(0.5, 1.5, self.noise), Interval(0.25, 0.75, self.noise))
        return moons.scaled(self.scale).plus(Extent.square(0.0, 0.0, *self.shift))


class CheckerboardSpec(Spec):
    """The dark squares of a 4 x 4 board, each uniform; edges are as sharp as the raster that holds them."""

    title: ClassVar[str] = "Checkerboard"
    kind: Literal["checkerboard"] = "checkerboard"
    half: float = setting(2.0, "Half side", low=0.1, high=10.0, step=0.1)

    def extent(self) -> Extent:
        return Extent.square(self.half)


class TwoSpiralsSpec(Spec):
    """Two Archimedean spirals, blurred."""

    title: ClassVar[str] = "Two spirals"
    kind: Literal["two-spirals"] = "two-spirals"
    radius: float = setting(2.2, "Radius", low=0.1, high=10.0, step=0.1)
    turns: float = setting(1.5, "Turns", low=0.5, high=4.0, step=0.25)
    noise: float = setting(0.07, "Noise", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent.square(self.radius, self.noise)


class PinwheelSpec(Spec):
    """Five bent arms."""

    title: ClassVar[str] = "Pinwheel"
    kind: Literal["pinwheel"] = "pinwheel"
    arms: int = setting(5, "Arms", low=2, high=12, step=1)
    scale: float = setting(1.0, "Scale", low=0.1, high=10.0, step=0.1)

    def extent(self) -> Extent:
        """The arms end at radius 2.35 and are 0.12 wide."""
        return Extent.square(2.35, 0.12).scaled(self.scale)


class RingsSpec(Spec):
    """Concentric circles, blurred."""

    title: ClassVar[str] = "Rings"
    kind: Literal["rings"] = "rings"
    count: int = setting(3, "Rings", low=1, high=6, step=1)
    radius: float = setting(2.2, "Radius", low=0.1, high=10.0, step=0.1)
    noise: float = setting(0.07, "Noise", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent.square(self.radius, self.noise)


class SCurveSpec(Spec):
    """The letter S, as two three-quarter circles, blurred."""

    title: ClassVar[str] = "S-curve"
    kind: Literal["s-curve"] = "s-curve"
    scale: float = setting(1.1, "Scale", low=0.1, high=10.0, step=0.1)
    noise: float = setting(0.08, "Noise", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent(Interval(0.0, 1.0, self.noise), Interval(0.0, 2.0, self.noise)).scaled(self.scale)


class PointsSpec(Spec):
    """Imported points, each blurred by a normal of the given width."""

    title: ClassVar[str] = "Points"
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


class DrawnSpec(Spec):
    """A drawing or picture: a raster of non-negative mass on a square; row 0 is the lowest row (y up).

    An all-zero raster is an empty canvas that waits for a stroke: it is a valid document, but no target.
    """

    title: ClassVar[str] = "Drawn"
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


DistributionSpec = Annotated[
    StandardNormalSpec
    | GaussianMixtureSpec
    | EightGaussiansSpec
    | FiveModesSpec
    | RingSpec
    | UniformSquareSpec
    | TwoMoonsSpec
    | CheckerboardSpec
    | TwoSpiralsSpec
    | PinwheelSpec
    | RingsSpec
    | SCurveSpec
    | PointsSpec
    | DrawnSpec,
    Field(discriminator="kind"),
]

SOURCES: tuple[type[Spec], ...] = (StandardNormalSpec, GaussianMixtureSpec, RingSpec, UniformSquareSpec)
"""Offered as thumbnails in the source panel."""


def units_of(*distributions: Any) -> Units:
    """The units in which figures about these are told: those of the first that came from a file."""
    return next((d.units for d in distributions if isinstance(d, PointsSpec)), PLANE)


TARGETS: tuple[type[Spec], ...] = (
    TwoMoonsSpec,
    EightGaussiansSpec,
    CheckerboardSpec,
    TwoSpiralsSpec,
    PinwheelSpec,
    RingsSpec,
    FiveModesSpec,
    SCurveSpec,
)
"""Offered as thumbnails in the target panel (besides a drawing and an import)."""


def built_in(kind: str) -> Any:
    """The built-in distribution of that kind with its defaults. Raises KeyError for an unknown kind."""
    return _BY_KIND[kind]()


_BY_KIND: dict[str, type[Spec]] = {c.model_fields["kind"].default: c for c in (*SOURCES, *TARGETS)}
BUILT_IN_KINDS: tuple[str, ...] = tuple(_BY_KIND)
