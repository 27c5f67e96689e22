"""Draws the gallery's cards: ``assets/gallery/<id>.png`` and ``<id>-light.png``, one moment of each document.

Run it with the project's own Python after an entry was added or changed:
``.venv/bin/python packaging/gallery_cards.py [ID ...]``
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

from PIL import Image

from fmstudio.document.gallery import ENTRIES

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "gallery"
DRAWN, KEPT = (896, 560), (448, 280)
COLOURS = 128
MOMENT = {
    "two-moons": 0.85,
    "drawn-target": 0.97,
    "checkerboard": 0.9,
    "six-targets": 0.95,
    "minibatch-ot": 0.5,
    "bridge": 0.5,
    "sf2m": 0.5,
    "transport-of-drawings": 0.5,
    "interpolant": 0.5,
}
OF_LESSON = {
    "from-noise-to-data": 5,
    "why-not-just-average": 5,
    "one-field-many-motions": 3,
    "between-any-two-drawings": 6,
}
"""Which moment stands for a lesson, at its own time."""


SUFFIXES = {"dark": "", "light": "-light"}


def draw(entry_id: str, theme: str) -> Path:
    """One card. Raises CalledProcessError with what fmstudio said on standard error."""
    path = FOLDER / f"{entry_id}{SUFFIXES[theme]}.png"
    moment = OF_LESSON.get(entry_id)
    when = ["--at", str(MOMENT.get(entry_id, 0.7))] if moment is None else ["--moment", str(moment)]
    size = "x".join(str(side) for side in DRAWN)
    command = [
        sys.executable,
        "-m",
        "fmstudio",
        "still",
        entry_id,
        "-o",
        str(path),
        *when,
        "--size",
        size,
        "--theme",
        theme,
    ]
    subprocess.run([*command, "--bare"], check=True)
    with Image.open(path) as picture:
        small = picture.convert("RGB").resize(KEPT, Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    return path


def main() -> None:
    wanted = sys.argv[1:] or [entry.id for entry in ENTRIES]
    for entry_id, theme in itertools.product(wanted, SUFFIXES):
        path = draw(entry_id, theme)
        print(f"{path.name}: {path.stat().st_size // 1024} kB", flush=True)


if __name__ == "__main__":
    main()
