"""How a density is had, and the maps that may stand in its place. What computes each is in
``engine.worker.density_tasks``, under the same name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from fmstudio.document.specs.spec import Kind


class Meaning(StrEnum):
    """What an image's values are: it decides their colours, and what the legend calls it."""

    DENSITY = "density"
    SIGNED = "map"
    """of either sign; zero is the canvas"""
    ERROR = "error"


class Need(Enum):
    """What must hold in a pane for a method to be defined there."""

    LAW = auto()
    """the particles follow a p_t that is known, of the path or of the process"""
    PARTICLES = auto()
    """something moves"""
    EQUATION = auto()
    """by an equation: neither from layer to layer nor along lines"""
    VELOCITY = auto()
    """along the velocity of a path, and no guide pulls"""
    MODEL = auto()
    """there is a trained network"""
    INDEPENDENCE = auto()
    """the ends are independent: the schedule says how x_t comes of them"""


class Basis(Enum):
    """Whose density it is."""

    LAW = auto()
    """of the ends and the path, or of the process"""
    PARTICLES = auto()
    """of the particles that are shown"""
    MOTION = auto()
    """of what moves them, however many there are"""
    FIELD = auto()
    """of the pane's field, exact or learned"""
    MODEL = auto()
    """of the network, whatever the pane shows"""


@dataclass(frozen=True)
class DensityFacts:
    """What everybody must know of a method."""

    title: str
    """in the menu"""
    legend: str
    """with {law}, {sample}, {whose}, {equation} and {cells} as the request has them"""
    needs: tuple[Need, ...] = ()
    basis: Basis = Basis.FIELD
    meaning: Meaning = Meaning.DENSITY
    is_relative: bool = False
    """its values are parts of something: what is small beside 1 is shown faint at every moment"""
    is_slow: bool = False
    """it takes seconds: nothing waits for it, and until it has come to the moment that is looked at, nothing
    is shown in its place"""
    is_coarse: bool = False
    """each point is a flow of its own: fewer points and moments do"""
    marches: bool = False
    """its rows come in the order of time"""


_FLOW = (Need.VELOCITY, Need.PARTICLES)


class DensityMethod(Kind):
    """What the density layer shows, and how it is had, in the order in which it is offered."""

    facts: DensityFacts

    AUTO = "auto", DensityFacts("Automatic", "the closed form, or else a KDE")
    """the closed form where it belongs to the particles, or else a KDE: no request says so"""
    EXACT = (
        "exact",
        DensityFacts("Closed form", "exact {law}", (Need.LAW,), Basis.LAW),
    )
    """the closed form of p_t"""
    KDE = (
        "kde",
        DensityFacts("Smoothed particles (KDE)", "KDE of the particles", (Need.PARTICLES,), Basis.PARTICLES),
    )
    """a kernel density estimate of the pane's particles"""
    LIKELIHOOD = (
        "likelihood",
        DensityFacts(
            "Divergence along the flow",
            "by the divergence of {whose} along its flow (exact trace)",
            _FLOW,
            is_slow=True,
            is_coarse=True,
        ),
    )
    """log p_0 less the divergence along the flow (Khungurn 2024, eq 2-3; Liao et al. 2024)"""
    LIKELIHOOD_HUTCHINSON = (
        "likelihood-hutchinson",
        DensityFacts(
            "Divergence by Hutchinson’s estimate",
            "by the divergence of {whose} along its flow (Hutchinson, one probe a point)",
            _FLOW,
            is_slow=True,
            is_coarse=True,
        ),
    )
    """the same with Hutchinson's estimate of the divergence"""
    FOKKER_PLANCK = (
        "fokker-planck",
        DensityFacts(
            "Fokker–Planck on a grid",
            "{equation} equation solved on a grid of {cells} cells",
            (Need.PARTICLES, Need.EQUATION),
            Basis.MOTION,
            is_slow=True,
            marches=True,
        ),
    )
    """the Fokker-Planck equation of the pane's motion, solved on a grid (6.S184 notes, Thm 2.4)"""
    TIME_DERIVATIVE = (
        "time-derivative",
        DensityFacts(
            "Map: how fast it changes, ∂ₜp",
            "∂ₜpₜ: blue rises, brown falls",
            _FLOW,
            meaning=Meaning.SIGNED,
        ),
    )
    """d_t p"""
    MINUS_DIVERGENCE = (
        "minus-divergence",
        DensityFacts(
            "Map: what flows in, −div(pu)",
            "−div(pₜ {whose}): blue fills, brown drains",
            _FLOW,
            meaning=Meaning.SIGNED,
        ),
    )
    """-div(p u)"""
    RESIDUAL = (
        "residual",
        DensityFacts(
            "Map: the difference of these two",
            "∂ₜpₜ + div(pₜ {whose}), coloured on the scale of ∂ₜpₜ: no colour is 0",
            _FLOW,
            meaning=Meaning.SIGNED,
            is_relative=True,
        ),
    )
    """d_t p + div(p u): what the continuity equation says is zero (6.S184 notes, Thm 2.2)"""
    ERROR = (
        "error",
        DensityFacts(
            "Map: learned less exact field",
            "|v − uₜ| in units of the typical speed, faded where pₜ is faint",
            (Need.VELOCITY, Need.MODEL, Need.INDEPENDENCE),
            Basis.MODEL,
            Meaning.ERROR,
            is_relative=True,
        ),
    )
    """|v - u|, learned against exact"""
    NAIVE_ERROR = (
        "naive-error",
        DensityFacts(
            "Map: naive average less exact field",
            "|naive average − uₜ| in units of the typical speed, faded where pₜ is faint",
            (Need.VELOCITY, Need.INDEPENDENCE),
            meaning=Meaning.ERROR,
            is_relative=True,
        ),
    )
    """|naive average - u|"""
