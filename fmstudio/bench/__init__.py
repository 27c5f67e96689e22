"""Figures beside their peers, measured in one run: ``fmstudio bench``. One module a subject, one registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from fmstudio.bench.row import Row

__all__ = ["BY_NAME_ONLY", "SUBJECTS", "Row", "run", "show"]

SUBJECTS: dict[str, str] = {
    "start": "fmstudio.bench.window",
    "training": "fmstudio.bench.beside_window",
    "drawn": "fmstudio.bench.drawn",
    "ends": "fmstudio.bench.ends",
    "engine": "fmstudio.bench.engine",
    "quality": "fmstudio.bench.quality",
    "particles": "fmstudio.bench.particles",
    "export": "fmstudio.bench.export",
}
"""Subject -> module with a function ``measure()``, which gives its rows."""

BY_NAME_ONLY = ("ends", "engine", "quality")
"""They take minutes: "all" leaves them out."""


def run(what: str, told: Callable[[Row], None] = lambda _: None) -> list[dict[str, Any]]:
    """Measure one subject, or all; ``told`` hears of each row. Raises ValueError for an unknown subject."""
    if what != "all" and what not in SUBJECTS:
        raise ValueError(f"Unknown subject '{what}': bench takes all, {', '.join(SUBJECTS)}.")
    rows: list[Row] = []
    for name, module in SUBJECTS.items():
        if what == name or (what == "all" and name not in BY_NAME_ONLY):
            measure: Callable[[], Iterable[Row]] = import_module(module).measure
            for row in measure():
                told(row)
                rows.append(row)
    return [row.as_dict() for row in rows]


def show(rows: list[dict[str, Any]]) -> None:
    """The rows as a table for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "fmstudio", "peer", "unit", "figure", "target", box=None, pad_edge=False)
    for row in rows:
        mark = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}[row["met"]]
        peer = "" if row["peer"] is None else f"{row['peer_name']}: {row['peer']:.4g}"
        figure = "" if row["figure"] is None else f"{row['figure']:.3g}"
        table.add_row(row["name"], f"{row['ours']:.4g}", peer, row["unit"], figure, f"{row['target']} {mark}")
    Console().print(table)
