"""What the colours of particles mean. ``render.particle_colours`` makes them."""

from __future__ import annotations

from dataclasses import dataclass

from fmstudio.document.specs.spec import Kind


@dataclass(frozen=True)
class ColourFacts:
    """What everybody must know of a way to colour particles."""

    title: str
    """in a menu"""
    words: str
    """in a legend"""
    asks: str = ""
    """what the engine is asked for it (a kind of request of ``studio.resolve``); '' for nothing"""
    lasts: bool = False
    """a particle keeps its colour for all t"""


class ParticleColour(Kind):
    """What a particle's colour means."""

    facts: ColourFacts

    ORIGIN = "origin", ColourFacts("Where it began", "where each particle began", lasts=True)
    END = "end", ColourFacts("Where it ends", "where each particle ends", lasts=True)
    LABEL = (
        "label",
        ColourFacts("Label of its end", "the label of where each particle ends", "labels", lasts=True),
    )
    SPEED = "speed", ColourFacts("Speed", "speed, slow to fast")
    LOG_DENSITY = (
        "log-density",
        ColourFacts("Log-density", "log pₜ where each particle is, low to high", "log-density"),
    )
    TIME = "time", ColourFacts("Time", "time, from the source's colour to the target's")
    PLAIN = "plain", ColourFacts("All alike", "all particles alike", lasts=True)
