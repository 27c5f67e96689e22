"""Figures beside their peers, measured in one run: ``fmstudio bench``. One module a subject, one registry."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from fmstudio.bench.row import Row

SUBJECTS: dict[str, str] = {
    "start": "fmstudio.bench.window",
    "training": "fmstudio.bench.beside_window",
    "drawn": "fmstudio.bench.drawn",
    "particles": "fmstudio.bench.particles",
    "export": "fmstudio.bench.export",
}
"""Subject -> module with a function ``measure() -> list[Row]``."""


def run(what: str) -> list[dict[str, Any]]:
    """Measure one subject, or all. Raises ValueError for an unknown one."""
    if what != "all" and what not in SUBJECTS:
        raise ValueError(f"Unknown subject '{what}': bench takes all, {', '.join(SUBJECTS)}.")
    rows: list[Row] = []
    for name, module in SUBJECTS.items():
        if what in ("all", name):
            measure: Callable[[], list[Row]] = import_module(module).measure
            rows += measure()
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
