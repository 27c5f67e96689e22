"""Every path at both ends of the range of each of its settings: what laws and tests of schedules run over."""

from __future__ import annotations

import itertools

from pydantic import ValidationError

from fmstudio.document.specs.path import PATHS, ScheduleSpec


def _ends(kind: type[ScheduleSpec]) -> list[ScheduleSpec]:
    """The defaults, and all corners of the settings' ranges that a spec takes."""
    ranges = {
        name: [
            bound
            for rule in field.metadata
            for bound in (getattr(rule, "ge", None), getattr(rule, "le", None))
        ]
        for name, field in kind.model_fields.items()
        if name != "kind"
    }
    found = [kind()]
    for corner in itertools.product(*ranges.values()):
        try:
            spec = kind(**dict(zip(ranges, corner, strict=True)))
        except ValidationError:
            continue
        if spec not in found:
            found.append(spec)
    return found


PATHS_AT_THEIR_RANGES: tuple[ScheduleSpec, ...] = tuple(spec for kind in PATHS for spec in _ends(kind))


def path_name(path: ScheduleSpec) -> str:
    settings = (value for value in path.model_dump(exclude={"kind"}).values() if isinstance(value, float))
    return "-".join([path.kind, *(f"{value:g}" for value in settings)])  # type: ignore[attr-defined]
