"""The colours of LOOK: five meanings that stay the same everywhere, in a dark and a light dress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["dark", "light"]


@dataclass(frozen=True)
class Palette:
    """Hex colours by role."""

    name: ThemeName
    canvas: str
    window: str
    raised: str
    line: str
    text: str
    secondary: str
    source: str
    target: str
    exact: str
    learned: str
    danger: str
    density: tuple[str, ...]
    """Stops of the density's colours, from the canvas up in even steps of lightness (OKLab)."""
    ebb: tuple[str, ...]
    """Below zero, in a map with a sign, in the same steps of lightness; above zero it has a density's."""
    error: tuple[str, ...]
    """The same for errors, in the family of ``danger``."""


DARK = Palette(
    name="dark",
    canvas="#0d1016",
    window="#14181f",
    raised="#1c222c",
    line="#2a323e",
    text="#e8ecf2",
    secondary="#93a0b4",
    source="#ffb454",
    target="#4cc9f0",
    exact="#7ee2a8",
    learned="#b79bff",
    danger="#ff6b6b",
    density=("#0d1016", "#052939", "#00435d", "#005f7e", "#007a98", "#3c97ac", "#71b0be"),
    ebb=("#0d1016", "#312113", "#573411", "#7e4701", "#9f5b04", "#bb7836", "#d99352"),
    error=("#0d1016", "#381c1b", "#642627", "#932e32", "#bd373e", "#d65d5e", "#f57978"),
)

LIGHT = Palette(
    name="light",
    canvas="#ffffff",
    window="#f5f6f8",
    raised="#ffffff",
    line="#d9dee6",
    text="#1a2130",
    secondary="#5a6678",
    source="#c9760a",
    target="#0a86b5",
    exact="#1b8a53",
    learned="#6a48d7",
    danger="#c93434",
    density=("#ffffff", "#cbf1f8", "#99e0f2", "#71cce8", "#5ab6d8", "#499fc6", "#3a89b3"),
    ebb=("#ffffff", "#fae5d3", "#f3caa8", "#ebaf7b", "#e2954a", "#cc8033", "#b66b17"),
    error=("#ffffff", "#ffe1df", "#fec1be", "#fea09d", "#ff7979", "#ea6163", "#d24b50"),
)

PALETTES: dict[str, Palette] = {"dark": DARK, "light": LIGHT}


def rgb(colour: str) -> tuple[float, float, float]:
    """'#rrggbb' as three numbers in [0, 1]."""
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]
