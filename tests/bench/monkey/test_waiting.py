"""An engine that works is waited for; one that rests, or works for long in vain, is stuck."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fmstudio.bench.monkey import waiting
from fmstudio.bench.monkey.waiting import STUCK_SECONDS, Stuck


class Engine:
    """A clock, the processor time that the engine had, and the step that it came to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.work = 0.0
        self.training = SimpleNamespace(step=0)
        monkeypatch.setattr(waiting.time, "monotonic", self.clock)
        monkeypatch.setattr(waiting, "worked", self.worked)
        monkeypatch.setattr(waiting, "trains", lambda _session: False)
        results = SimpleNamespace(slots={}, training=self.training)
        window: Any = SimpleNamespace(session=SimpleNamespace(results=results, device="cpu", engine=None))
        self.stuck = Stuck(window)

    def clock(self) -> float:
        return self.now

    def worked(self, _pid: int | None) -> float:
        return self.work

    def goes(self, share: float, seconds: float = 2 * STUCK_SECONDS, comes: bool = False) -> bool:
        """With that share of the processor; ``comes``: with a step a second. Whether it is ever stuck."""
        found = False
        for _ in range(round(seconds)):
            self.now, self.work = self.now + 1, self.work + share
            self.training.step += comes
            self.stuck.look()
            found |= self.stuck.is_so
        return found


@pytest.fixture
def engine(monkeypatch) -> Engine:
    return Engine(monkeypatch)


@pytest.mark.parametrize(
    ("share", "comes", "stuck"),
    [(0.0, False, True), (0.001, False, True), (0.03, False, False), (1.0, False, True), (1.0, True, False)],
)
def test_that_an_engine_is_stuck_if_it_rests_or_works_in_vain(share, comes, stuck, engine):
    assert engine.goes(share, comes=comes) is stuck


def test_that_rest_is_counted_from_the_last_work(engine):
    engine.goes(0.5, 10)
    engine.goes(0.0, 7)
    assert engine.stuck.rests == 7.0
