"""Colour arithmetic for text that must be read (WCAG 2.1). Pure."""

from __future__ import annotations

from fmstudio.render.palette import rgb

TEXT_RATIO = 4.5
"""Contrast that every text keeps against what lies behind it."""


def mix(a: str, b: str, weight: float) -> str:
    """(1 - weight) a + weight b, as '#rrggbb'."""
    parts = zip(rgb(a), rgb(b), strict=True)
    return "#" + "".join(f"{round(255 * ((1 - weight) * x + weight * y)):02x}" for x, y in parts)


def luminance(colour: str) -> float:
    """Relative luminance in [0, 1]."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, background: str) -> str:
    """``colour``, moved towards black or white by as little as it takes to be read on ``background``."""
    end = "#000000" if luminance(background) > 0.18 else "#ffffff"
    for step in range(21):
        candidate = mix(colour, end, step / 20)
        if contrast(candidate, background) >= TEXT_RATIO:
            return candidate
    return end
