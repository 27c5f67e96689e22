"""The base of every spec, and the metadata from which panels are made."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class Spec(BaseModel):
    """Frozen, hashable, strict about unknown names and non-finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


def setting(
    default: Any,
    label: str,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    log: bool = False,
    hint: str = "",
) -> Any:
    """A field with what a panel needs to show it: label, closed range, step, scale, one-line hint."""
    extra: JsonDict = {"label": label, "step": step, "log": log}
    return Field(default=default, ge=low, le=high, description=hint, json_schema_extra=extra)
