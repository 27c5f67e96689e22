"""Two ends and the way between them: what a closed form, a field, a simulation and a training are about."""

from __future__ import annotations

from dataclasses import dataclass, field

from fmstudio.document.specs.coupling import IndependentSpec, JoiningSpec
from fmstudio.document.specs.distribution import DistributionSpec, units_of
from fmstudio.document.specs.path import CondOTSpec, PathSpec
from fmstudio.document.specs.units import Units


@dataclass(frozen=True)
class Problem:
    """Carry the source to the target along the path, the ends joined as said."""

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    coupling: JoiningSpec = field(default_factory=IndependentSpec)

    def joined(self, coupling: JoiningSpec) -> Problem:
        """The same with ends joined so: a bridge goes its own way, whatever the path is."""
        path = self.path if coupling.is_independent else CondOTSpec()
        return Problem(self.source, self.target, path, coupling)

    @property
    def units(self) -> Units:
        """Those in which figures about it are told."""
        return units_of(self.target, self.source)
