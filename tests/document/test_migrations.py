"""Migrations: one step after another, each version once."""

from __future__ import annotations

import pytest

from fmstudio.document.migrations import MIGRATIONS, UnknownVersion, migrate


def test_that_steps_run_in_order_up_to_the_current_version() -> None:
    steps = {v: lambda raw, v=v: {**raw, "steps": [*raw["steps"], v]} for v in (1, 2, 3)}
    assert migrate({"schema_version": 2, "steps": []}, 4, steps) == {"schema_version": 4, "steps": [2, 3]}


def test_that_a_missing_step_is_told() -> None:
    with pytest.raises(UnknownVersion, match="too old"):
        migrate({"schema_version": 1}, 3, {2: dict})


def test_that_every_version_since_the_first_has_a_step() -> None:
    from fmstudio.document.document import SCHEMA_VERSION

    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))
