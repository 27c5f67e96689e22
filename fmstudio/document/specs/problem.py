"""Two ends and the way between them: what a closed form, a field, a simulation and a training are about."""

from __future__ import annotations

from dataclasses import dataclass

from fmstudio.document.specs.distribution import DistributionSpec, units_of
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.units import Units


@dataclass(frozen=True)
class Problem:
    """Carry the source to the target along the path."""

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec

    @property
    def units(self) -> Units:
        """Those in which figures about it are told."""
        return units_of(self.target, self.source)
