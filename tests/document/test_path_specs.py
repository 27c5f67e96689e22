"""What a path says of where it starts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fmstudio.document.specs.path import PATHS, ScheduleSpec, SubVPSpec, VESpec, VPSpec
from fmstudio.engine.worker import build
from fmstudio.verify.ranges import PATHS_AT_THEIR_RANGES, path_name


@pytest.mark.parametrize("path", PATHS_AT_THEIR_RANGES, ids=path_name)
def test_that_a_path_starts_where_its_schedule_does(path: ScheduleSpec) -> None:
    schedule = build.schedule(path)  # type: ignore[arg-type]
    alpha, beta = path.start_scales
    assert float(schedule.alpha(0.0)) == pytest.approx(alpha, rel=1e-6, abs=1e-12)
    assert float(schedule.beta(0.0)) == pytest.approx(beta, rel=1e-6)


@pytest.mark.parametrize("kind", PATHS, ids=lambda kind: kind.model_fields["kind"].default)
def test_that_a_path_is_silent_where_it_reaches_its_source(kind: type[ScheduleSpec]) -> None:
    path = kind()
    assert bool(path.source_gap) == (path.start_scales[0] > 0.01 * path.start_scales[1])


def test_that_the_sentence_says_how_far_the_path_is_from_its_source() -> None:
    assert "α₀ = 0.592 (not 0) and β₀ = 0.806" in VPSpec(beta_max=2).source_gap
    assert "α₀ = 1 (not 0) and β₀ = 5" in VESpec().source_gap
    assert VPSpec().source_gap == ""


@pytest.mark.parametrize("kind", [VPSpec, SubVPSpec])
def test_that_a_rate_that_falls_towards_the_noise_is_refused(kind: type[ScheduleSpec]) -> None:
    with pytest.raises(ValidationError, match="β_max must be at least β_min: 1 is less than 3"):
        kind(beta_min=3, beta_max=1)
