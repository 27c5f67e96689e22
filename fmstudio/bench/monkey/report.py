"""What a walk has found, as a table for people and as one object for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fmstudio.bench.monkey.leaks import Census


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and the last acts before it."""

    kind: str
    sentence: str
    seconds: float
    """since the start of the walk"""
    trail: tuple[str, ...]


@dataclass(frozen=True)
class Stall:
    """The event loop did nothing for so long, while this was done."""

    milliseconds: float
    act: str


@dataclass
class Report:
    """Filled by the walk, from its own thread."""

    seed: int
    seconds: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)
    audits: int = 0
    settled: int = 0
    tracebacks: list[Finding] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)
    """how often each fault was seen again"""
    leaks: list[Finding] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    """Qt's warnings, by their text"""
    quarters: list[Census] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """No traceback, no fault, no leak."""
        return not (self.tracebacks or self.faults or self.leaks)

    def stall_figures(self) -> dict[str, Any]:
        """How late the event loop was, in milliseconds, over all its turns."""
        if not self.stalls:
            return {"p50_ms": 0.0, "p99_ms": 0.0, "worst_ms": 0.0, "worst_act": ""}
        times = [stall.milliseconds for stall in self.stalls]
        worst = max(self.stalls, key=lambda stall: stall.milliseconds)
        return {
            "p50_ms": round(float(np.quantile(times, 0.5)), 1),
            "p99_ms": round(float(np.quantile(times, 0.99)), 1),
            "worst_ms": round(worst.milliseconds, 1),
            "worst_act": worst.act,
        }

    def as_dict(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "acts": dict(self.acts.most_common()),
            "audits": self.audits,
            "settled": self.settled,
            "tracebacks": [_finding(found) for found in self.tracebacks],
            "faults": [
                {**_finding(found), "seen": 1 + self.repeats[found.kind + found.sentence]}
                for found in self.faults
            ],
            "stalls": self.stall_figures(),
            "leaks": [_finding(found) for found in self.leaks],
            "qt_messages": dict(self.messages.most_common()),
            "quarters": [census.as_dict() for census in self.quarters],
            "clean": self.is_clean,
        }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "what": found.sentence,
        "after_s": round(found.seconds, 1),
        "trail": list(found.trail),
    }


def show(report: Report) -> None:
    """The report for people."""
    from rich.console import Console

    out = Console(highlight=False, soft_wrap=True)
    acts = sum(report.acts.values())
    out.print(f"seed {report.seed}: {acts} acts and {report.audits} audits in {report.seconds:.0f} s")
    out.print("  " + ", ".join(f"{name} {count}" for name, count in report.acts.most_common()))
    for title, findings in (
        ("tracebacks", report.tracebacks),
        ("label faults", report.faults),
        ("leaks", report.leaks),
    ):
        out.print(f"{title}: {len(findings)}", style="red" if findings else "green")
        for found in findings:
            again = report.repeats[found.kind + found.sentence]
            often = f" (seen {again + 1} times)" if again else ""
            out.print(f"  {found.seconds:.1f} s, {found.kind}: {found.sentence}{often}", markup=False)
            for act in found.trail:
                out.print(f"      {act}", style="dim", markup=False)
    stalls = report.stall_figures()
    out.print(
        f"event loop late by: p50 {stalls['p50_ms']} ms, p99 {stalls['p99_ms']} ms, "
        f"worst {stalls['worst_ms']} ms ({stalls['worst_act']})",
        markup=False,
    )
    for text, count in report.messages.most_common(8):
        out.print(f"  Qt said {count} times: {text}", style="dim", markup=False)
    for census in report.quarters:
        out.print(f"  {census.words()}", style="dim", markup=False)
