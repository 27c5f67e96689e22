"""Faults with patience must last; a fault at another figure is the same fault."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fmstudio.bench.monkey.audit import Audit, kind_of
from fmstudio.bench.monkey.checks.registry import Check

SEEN: Any = SimpleNamespace(is_settled=True)


class Case:
    """A check that finds what it is told, and what was reported of it."""

    def __init__(self, patience: float = 0.0, settled: bool = False) -> None:
        self.now, self.finds = 0.0, True
        self.told: list[tuple[str, str]] = []
        check = Check("a check", self.examine, patience, settled)
        self.audit = Audit(self.tell, [check], self.clock)

    def examine(self, _seen: Any) -> Iterator[str]:
        if self.finds:
            yield f"W₂ {self.now:.3f} is old"

    def tell(self, check: str, sentence: str) -> None:
        self.told.append((check, sentence))

    def clock(self) -> float:
        return self.now

    def look_at(self, now: float, finds: bool = True) -> int:
        self.now, self.finds = now, finds
        self.audit.examine(SEEN)
        return len(self.told)


def test_that_a_check_without_patience_tells_at_once():
    assert Case().look_at(0.0) == 1


def test_that_a_fault_must_last_as_long_as_the_check_has_patience():
    case = Case(patience=0.5)
    assert [case.look_at(t) for t in (0.0, 0.3, 0.6)] == [0, 0, 1]


@pytest.mark.parametrize("act", [False, True])
def test_that_a_fault_that_went_or_that_an_act_came_between_begins_anew(act):
    case = Case(patience=0.5)
    case.look_at(0.0)
    if act:
        case.audit.forget()
    else:
        case.look_at(0.3, finds=False)
    assert [case.look_at(t) for t in (0.6, 0.9, 1.2)] == [0, 0, 1]


def test_that_a_check_of_the_settled_waits_for_it():
    case = Case(settled=True)
    case.audit.examine(SimpleNamespace(is_settled=False))  # type: ignore[arg-type]
    assert case.told == []
    assert case.look_at(1.0) == 1


def test_that_figures_make_no_other_fault():
    assert kind_of("2000 particles are drawn, 500 are asked") == kind_of("1 particles are drawn, 3 are asked")
    assert kind_of("pane 1 “ODE”") != kind_of("pane 1 “SDE”")
