"""What every distribution says of itself."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from fmstudio.document.extent import Extent
from fmstudio.document.specs.spec import Spec


class Law(Spec):
    """What everybody must know of a distribution: each kind states all of it."""

    title: ClassVar[str]
    is_normal: ClassVar[bool]
    """a mixture of normals: its log-density is smooth and known wherever a flow may come from"""
    has_parts: ClassVar[bool]
    """each of its points belongs to one of several parts, which are its labels"""

    @property
    def is_labelled(self) -> bool:
        """Its points bear labels: by its kind, or as they were imported."""
        return self.has_parts or getattr(self, "labels", None) is not None

    @property
    def names_of_labels(self) -> tuple[str, ...]:
        """By number; () where they have no names."""
        names: tuple[str, ...] = getattr(self, "label_names", ())
        return names if self.is_labelled else ()

    @abstractmethod
    def extent(self) -> Extent:
        """Where it lies."""
