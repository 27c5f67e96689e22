"""The one style sheet: ``assets/interface/studio.qss`` with the palette's colours filled in.

Its rules hang on object names and on the properties ``kind`` (buttons, inputs) and ``role`` (labels).
"""

from __future__ import annotations

from string import Template

from fmstudio.gui.contrast import mix, readable
from fmstudio.render.palette import Palette
from fmstudio.resources import asset

RADIUS = 6


def style_sheet(palette: Palette) -> str:
    """All rules for one palette."""
    text = asset("interface/studio.qss").read_text(encoding="utf-8")
    return Template(text).substitute(_roles(palette) | _derived(palette) | _shapes(palette))


def edge(p: Palette) -> str:
    """The one-pixel line around things that stand out from the ground."""
    return mix(p.line, p.secondary, 0.28)


def hover(p: Palette) -> str:
    """A raised ground under the pointer."""
    return mix(p.raised, p.text, 0.06)


def accent(p: Palette) -> str:
    """Focus and the primary button: the target's colour, dark enough to carry white in the light dress."""
    return p.target if p.name == "dark" else readable(p.target, "#ffffff")


def well(p: Palette) -> str:
    """A ground that lies lower than the window: the canvas, or where that is white, a shade darker."""
    return p.canvas if p.name == "dark" else mix(p.window, p.line, 0.55)


def note_ground(p: Palette) -> str:
    """Behind a guardrail's sentence."""
    return mix(p.window, p.source, 0.10)


def _roles(p: Palette) -> dict[str, str]:
    names = ("canvas", "window", "raised", "line", "text", "secondary")
    return {name: getattr(p, name) for name in (*names, "source", "target", "exact", "learned", "danger")}


def _derived(p: Palette) -> dict[str, str]:
    dark = p.name == "dark"
    handle = p.text if dark else "#ffffff"
    return {
        "edge": edge(p),
        "hover": hover(p),
        "accent": accent(p),
        "on_accent": p.canvas if dark else "#ffffff",
        "accent_hover": mix(accent(p), p.text, 0.15),
        "play_hover": mix(p.text, p.secondary, 0.25),
        "faint": mix(p.secondary, p.window, 0.35),
        "note": note_ground(p),
        "link": readable(p.target, note_ground(p)),
        "switch": mix(p.raised, p.canvas, 0.25),
        "well": well(p),
        "well_edge": mix(well(p), p.line, 0.55),
        "exact_text": readable(p.exact, p.window),
        "learned_text": readable(p.learned, p.window),
        "danger_text": readable(p.danger, p.window),
        "slider_done": mix(p.secondary, p.text, 0.1),
        "handle": handle,
        "handle_edge": p.text if dark else p.secondary,
        "handle_hover": mix(handle, p.target, 0.35),
        "thumb": mix(p.line, p.secondary, 0.35),
    }


def _shapes(p: Palette) -> dict[str, str]:
    return {
        "radius": str(RADIUS),
        "radius_outer": str(RADIUS + 1),
        "radius_inner": str(RADIUS - 1),
        "chevron": asset(f"interface/chevron-{p.name}.svg").as_posix(),
        "check": asset(f"interface/check-{p.name}.svg").as_posix(),
    }
