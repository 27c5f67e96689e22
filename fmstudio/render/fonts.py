"""The fonts of words on the canvas: the system's own sans serif, found by Pillow."""

from __future__ import annotations

import sys
from functools import lru_cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "win32": (("segoeui.ttf", "segoeuib.ttf"), ("arial.ttf", "arialbd.ttf")),
    "darwin": (("HelveticaNeue.ttc", "HelveticaNeue.ttc"), ("Arial.ttf", "Arial Bold.ttf")),
    "linux": (
        ("Inter-Regular.ttf", "Inter-SemiBold.ttf"),
        ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
        ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
        ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ),
}
"""(regular, bold) by platform, best first."""

_FACES = {"HelveticaNeue.ttc": (0, 1)}
"""(regular, bold) faces inside a collection."""


@lru_cache(maxsize=1)
def _files() -> tuple[str, str] | None:
    """The first pair that this machine has; None if it has none."""
    ours = _FILES.get(sys.platform, _FILES["linux"])
    others = tuple(pair for pairs in _FILES.values() for pair in pairs if pair not in ours)
    for pair in ours + others:
        if all(_exists(name) for name in pair):
            return pair
    return None


def _exists(name: str) -> bool:
    try:
        ImageFont.truetype(name, 12)
    except OSError:
        return False
    return True


@lru_cache(maxsize=64)
def font(size: float, bold: bool) -> Font:
    """The font at ``size`` pixels. Pillow's built-in one where the system has none that is known."""
    files = _files()
    if files is None:
        return ImageFont.load_default(size)
    name = files[1] if bold else files[0]
    return ImageFont.truetype(name, size, index=_FACES.get(name, (0, 0))[int(bold)])
