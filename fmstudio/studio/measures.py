"""What a distance to the target says beside the one that chance alone makes. Pure."""

from __future__ import annotations

from fmstudio.studio.written import figure

CHANCE = 1.3
"""W2 between two sets of 1,000 draws varies by a fifth to a quarter of itself from one pair to the next
(measured on moons, eight Gaussians and the checkerboard): up to here it tells nothing."""


def is_chance(w2: float, floor: float) -> bool:
    """Particles that were draws of the target would be as far from others."""
    return w2 <= CHANCE * floor


def distance_words(w2: float, floor: float) -> str:
    """'0.491 (floor 0.164)', or 'within sampling noise' where the figures would say no more."""
    return "within sampling noise" if is_chance(w2, floor) else f"{figure(w2)} (floor {figure(floor)})"


def ways_words(energy: float, straightness: float) -> str:
    """Of the particles' ways."""
    return f"path energy {figure(energy)}, straightness {figure(straightness)}"


def distance_in_full(w2: float, floor: float) -> str:
    """Both figures, and what they say."""
    verdict = ": within sampling noise" if is_chance(w2, floor) else ""
    return f"W₂ {figure(w2)}; between two sets of draws of the target {figure(floor)}{verdict}"
