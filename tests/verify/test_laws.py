"""The registry of laws: complete, well named, able to fail. The whole run is ``fmstudio verify``."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from typer.testing import CliRunner

from fmstudio import verify
from fmstudio.cli import app
from fmstudio.document.gallery import ENTRIES, LESSONS
from fmstudio.verify.law import LAWS, Law, Measured

FROM_THE_SOURCES = (
    *("linear-flow", "euler-heun", "brownian-motion", "ornstein-uhlenbeck", "conditional-path"),
    *("conditional-marginal-ode", "conditional-marginal-sde", "langevin-five-modes", "posterior-weights"),
    *("schedules", "noising-vp-ve-subvp", "linear-sde", "reverse-sde", "cfm-training", "fm-equals-cfm"),
    *("score-matching", "flow-or-diffusion", "minibatch-ot", "classifier-guidance", "realnvp"),
    *("change-of-variables", "cnf-likelihood", "continuity", "fokker-planck", "drawn-target"),
)
QUICK = ("conditional-path", "schedules", "posterior-weights", "linear-flow", "brownian-motion")


def test_that_every_system_of_the_sources_has_a_law() -> None:
    assert set(FROM_THE_SOURCES) <= set(verify.ids())


def test_that_every_entry_of_the_gallery_has_a_law_and_no_law_is_homeless() -> None:
    """But for lessons, which are made of them."""
    assert set(verify.ids()) == {entry.id for entry in ENTRIES if entry.group != LESSONS}


def test_that_laws_say_what_they_are_and_where_their_limit_comes_from() -> None:
    verify.ids()
    assert len({(law.id, law.sentence) for law in LAWS}) == len(LAWS)
    assert all(law.sentence and law.origin for law in LAWS)


@pytest.mark.parametrize("entry", QUICK)
def test_that_quick_laws_hold(entry: str) -> None:
    rows = list(verify.run([entry]))
    assert rows
    assert [row.law for row in rows if not row.passed] == []


@pytest.mark.parametrize("value", [2.0, math.nan, math.inf])
def test_that_a_law_that_is_broken_fails(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    verify.ids()
    broken = Law("schedules", "a law", "theory", lambda: Measured(value, 1.0))
    monkeypatch.setattr("fmstudio.verify.law.LAWS", [broken])
    (row,) = verify.run()
    assert not row.passed


def report(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["verify", *arguments])
    return result.exit_code, json.loads(result.stdout)


def test_that_the_report_has_its_keys_and_the_code_says_whether_all_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, found = report("linear-flow", "--json")
    assert (code, found["passed"]) == (0, True)
    assert {"id", "law", "measured", "limit", "passed", "seconds"} <= set(found["rows"][0])
    broken = Law("linear-flow", "a law", "theory", lambda: Measured(1.0, 0.5))
    monkeypatch.setattr("fmstudio.verify.law.LAWS", [broken])
    code, found = report("--json")
    assert (code, found["passed"]) == (1, False)


def test_that_people_get_a_table() -> None:
    result = CliRunner().invoke(app, ["verify", "linear-flow"])
    assert "2 laws in" in result.stdout
    assert "all passed" in result.stdout


def test_that_an_unknown_id_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(app, ["verify", "schedule"])
    assert result.exit_code == 2
    assert "did you mean 'schedules'?" in result.stderr
