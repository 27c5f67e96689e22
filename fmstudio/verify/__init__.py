"""Numeric proofs of what the gallery shows: ``fmstudio verify``. One module a chapter, one registry.

To add a law: a function under ``@law(gallery id, sentence, where the limit comes from)`` in the chapter that
it belongs to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

CHAPTERS = (
    "openings",
    "processes",
    "paths",
    "clocks",
    "marginals",
    "ends",
    "formulas",
    "samplers",
    "learning",
    "guidance",
    "likelihoods",
)


@dataclass(frozen=True)
class Row:
    """One law, measured: it passed if ``measured`` is at most ``limit``."""

    id: str
    law: str
    measured: float
    limit: float
    passed: bool
    seconds: float
    origin: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def ids() -> tuple[str, ...]:
    """The gallery entries that have laws, in their order."""
    return tuple(dict.fromkeys(law.id for law in _laws()))


def run(wanted: Sequence[str] = ()) -> Iterator[Row]:
    """Measures the laws of these entries (of all if there are none), one by one.

    Raises ValueError, at the call, for an entry without laws.
    """
    known = ids()
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}."
            raise ValueError(f"There are no laws of '{name}'; {hint}")
    return _rows([law for law in _laws() if not wanted or law.id in wanted])


def _rows(laws: Sequence[Any]) -> Iterator[Row]:
    for law in laws:
        started = time.perf_counter()
        measured = law.measure()
        seconds = time.perf_counter() - started
        passed = measured.value <= measured.limit  # NaN does not pass
        yield Row(law.id, law.sentence, measured.value, measured.limit, passed, seconds, law.origin)


def _laws() -> list[Any]:
    for chapter in CHAPTERS:
        import_module(f"{__name__}.{chapter}")
    from fmstudio.verify.law import LAWS

    return LAWS
