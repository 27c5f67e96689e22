"""Computes what the window shows before its engine answers: ``assets/opening/rows.npz``.

Run it with the project's own Python after the opening scene or the built-in distributions have changed:
``.venv/bin/python packaging/opening_rows.py``
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from fmstudio.document.document import Document
from fmstudio.engine.client import Engine, InlineEngine
from fmstudio.engine.messages import DensityRequest, FieldRequest, Request
from fmstudio.studio.planner import thumbnail_lanes
from fmstudio.studio.session import Session
from fmstudio.studio.shipped import SHEET

FILE = Path(__file__).resolve().parent.parent / "assets" / "opening" / "rows.npz"


def first_row(engine: Engine, request: Request) -> np.ndarray:
    """What the engine answers at the first moment."""
    job = engine.submit("opening", request)
    while job.unfinished:
        engine.poll()
    return np.array(job.result.values[0])


def rows() -> dict[str, np.ndarray]:
    """Every shipped row by its name: of the opening scene by its layer, of a tile by its lane."""
    session = Session(InlineEngine(), Document(), print)
    session.tick(0.0)
    wanted = dict(session.planner.wanted)
    session.close()
    engine = InlineEngine()
    found = {lane: first_row(engine, wanted[lane]) for lane in thumbnail_lanes()}
    for kind in ("density", "field", "trajectories"):
        request = wanted[f"{kind}/0"]
        if isinstance(request, DensityRequest | FieldRequest):
            request = replace(request, grid=SHEET)
        found[kind] = first_row(engine, request)
    engine.close()
    return found


def main() -> None:
    FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FILE, **{name: row.astype(np.float16) for name, row in rows().items()})
    print(f"{FILE.name}: {FILE.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
