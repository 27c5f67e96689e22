"""What everybody must know of a motion: the facts that its kind states, and the families that share them."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import Coupling

Coefficients = tuple[float, float, float, float]
"""(a, b_x, b_y, g) of dX = (a X + b) dt + g dW"""


class Motion(Spec):
    """What everybody must know of a motion: each kind states all of it, by itself or by its family."""

    title: ClassVar[str]
    moved_by: ClassVar[Literal["velocity", "score", "drift"]]
    """what its particles follow, and therefore what the arrows show"""
    follows_source: ClassVar[bool]
    """it starts at the source"""
    follows_target: ClassVar[bool]
    follows_path: ClassVar[bool]
    """the schedule plays a part, and its time t is told by the motion's own"""
    uses_field: ClassVar[bool]
    """the field of the path moves it, exact or learned: only then can it be guided"""
    needs_score: ClassVar[bool]
    """the path's score moves it, which not every learned model tells"""
    needs_normal_source: ClassVar[bool] = False
    """its equation holds for a standard normal x_0 alone"""
    is_noisy: ClassVar[bool]
    """its particles shake: between two states their paths are not straight"""
    by_equation: ClassVar[bool]
    """a solver moves its particles: not so where each is put on its line"""
    is_autonomous: ClassVar[bool]
    """neither its drift nor its noise depends on t"""
    fades: ClassVar[bool]
    """it draws particles in as fast as the path's signal fades, at the rate alpha'/alpha"""
    is_flow: ClassVar[bool]
    """no chance plays a part once it has started: it may warp a grid"""
    is_process: ClassVar[bool]
    """it knows no target: p_t follows from where it starts"""
    is_steady: ClassVar[bool]
    """the density that it samples stays as it is"""
    ends_at_target: ClassVar[bool]
    """its last state is meant to be a draw of p_data, and is not one by construction"""

    @property
    def pairs(self) -> Coupling | None:
        """The coupling whose lines its particles follow; None where an equation moves them."""
        coupling: Coupling | None = getattr(self, "coupling", None)
        return coupling

    @property
    def draws_noise(self) -> bool:
        """The seed of the noise changes something."""
        return not self.is_flow and float(getattr(self, "sigma", 1.0)) > 0

    @property
    def mixes_ends(self) -> bool:
        """p_t on its way is that of alpha_t z + beta_t x_0."""
        return self.follows_path and not self.is_process

    @property
    def tells_past(self) -> bool:
        """From where a particle is follows where it came from: along the flow, or by the reversal of time,
        which asks for the score of the law at every t. That of a sampler on its way has no closed form."""
        return self.by_equation and self.moved_by != "score"


class PathMotion(Motion):
    """From the source to the target along the path: its law at time t is p_t."""

    follows_source = follows_target = follows_path = True
    moved_by: ClassVar[Literal["velocity", "score", "drift"]] = "velocity"
    is_process = is_steady = is_autonomous = False


class FieldFlow(PathMotion):
    """By the path's velocity alone."""

    uses_field = ends_at_target = by_equation = is_flow = True
    is_noisy = fades = False


class NoisyTransport(PathMotion):
    """By the path's velocity, with noise and the score that makes up for it."""

    uses_field = needs_score = ends_at_target = by_equation = is_noisy = True
    is_flow = False


class SamplerMotion(Motion):
    """Noise, and the score of a density that is given."""

    moved_by: ClassVar[Literal["velocity", "score", "drift"]] = "score"
    follows_source = follows_target = is_noisy = by_equation = ends_at_target = True
    is_flow = is_process = fades = False


class ProcessMotion(Motion):
    """A linear drift with noise or without."""

    moved_by: ClassVar[Literal["velocity", "score", "drift"]] = "drift"
    is_process = by_equation = True
    uses_field = needs_score = is_steady = ends_at_target = False


class FreeMotion(ProcessMotion):
    """From the source, whatever the target and the path are."""

    follows_source = True
    follows_target = follows_path = fades = False

    @abstractmethod
    def coefficients(self, t: float) -> Coefficients:
        """At time t of its own clock; a is linear in t."""


def as_free(dynamics: Motion) -> FreeMotion | None:
    """The same, where it goes from the source whatever the target and the path are."""
    return dynamics if isinstance(dynamics, FreeMotion) else None


def substeps_of(dynamics: Motion) -> int:
    """Solver steps from one state that is shown to the next."""
    return int(getattr(dynamics, "substeps", 1))


def sigma_of(dynamics: Motion) -> float:
    """The noise that a person chose for it; 0 where nobody is asked."""
    return float(getattr(dynamics, "sigma", 0.0))


def duration_of(dynamics: Motion) -> float:
    """How long a motion runs by its own clock: from 0 to 1, where its spec does not say otherwise."""
    return float(getattr(dynamics, "duration", 1.0))


def pull_of(dynamics: Motion) -> float:
    """The fastest rate at which a drift of its own draws particles in; 0 where none does."""
    free = as_free(dynamics)
    if free is None:
        return 0.0
    return max(0.0, *(-free.coefficients(t)[0] for t in (0.0, duration_of(dynamics))))


def growth_of(dynamics: Motion) -> float:
    """The logarithm of how many times as far a drift of its own takes the particles, at its height: the
    largest of the integrals of a up to some t."""
    free = as_free(dynamics)
    if free is None:
        return 0.0
    end = duration_of(dynamics)
    first, last = free.coefficients(0.0)[0], free.coefficients(end)[0]
    times = [end]
    if last < 0 < first:
        times.append(end * first / (first - last))
    return max(0.0, *(first * t + (last - first) / end * t * t / 2 for t in times))
