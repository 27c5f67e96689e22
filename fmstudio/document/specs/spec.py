"""The base of every spec, and the metadata from which panels are made."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class Spec(BaseModel):
    """Frozen, hashable, strict about unknown names and non-finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


class Kind(StrEnum):
    """A set of choices that have no settings: each member says of itself what everybody must know of it,
    ``NAME = "kind", Facts(...)``. In a file it is its ``kind``."""

    _value_: str
    facts: Any

    def __new__(cls, kind: str, facts: object = None) -> Self:
        """Raises TypeError for a member without facts."""
        if facts is None:
            raise TypeError(f"{cls.__name__} '{kind}' must say its facts")
        member = str.__new__(cls, kind)
        member._value_, member.facts = kind, facts
        return member


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


def kinds_of(union: Any) -> tuple[Any, ...]:
    """The specs of a union that is discriminated by ``kind``, in its order."""
    return get_args(get_args(union)[0])


def settings_of(spec: Spec) -> dict[str, Any]:
    """The settings of a spec by name: all of its fields but ``kind``."""
    return {name: getattr(spec, name) for name in type(spec).model_fields if name != "kind"}
