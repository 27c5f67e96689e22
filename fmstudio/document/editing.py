"""Replacing nested fields of frozen specs, by name: for commands and for the shell's ``--set``."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

import pydantic

from fmstudio.document.specs.spec import Spec

S = TypeVar("S", bound=Spec)


class SettingError(ValueError):
    """One sentence: which field, what it got, what it takes."""


def with_field(spec: S, path: str, value: Any) -> S:
    """The spec with the field at ``path`` ("simulation.steps", "view.panes.0.title") replaced and validated.

    Setting ``kind`` of a union ("path.kind") takes the defaults of that kind. Raises SettingError.
    """
    try:
        return _replaced(spec, path.split("."), value, path)  # type: ignore[no-any-return]
    except pydantic.ValidationError as error:
        raise SettingError(f"{path} = {value!r} is not possible: {_reason(value, error)}") from error


def with_text(spec: S, assignment: str) -> S:
    """As ``with_field`` from 'path.to.field=value'; the value is JSON where it reads so, else a string."""
    path, equals, text = assignment.partition("=")
    if not equals or not path:
        raise SettingError(
            f"'{assignment}' is not of the form path.to.field=value, for example model.width=64"
        )
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    return with_field(spec, path.strip(), value)


def _replaced(node: Any, names: list[str], value: Any, path: str) -> Any:
    name, *rest = names
    if isinstance(node, tuple):
        return _in_tuple(node, name, rest, value, path)
    if not isinstance(node, Spec):
        raise SettingError(f"{path}: there is nothing below '{name}'")
    fields = type(node).model_fields
    if name not in fields:
        raise SettingError(f"{path}: there is no '{name}' here; {_hint(name, list(fields))}")
    inner = getattr(node, name)
    if rest and inner is None:
        inner = _default_of(fields[name].annotation)
    if rest == ["kind"] and isinstance(inner, Spec):
        new: Any = {"kind": value}
    elif rest:
        new = _replaced(inner, rest, value, path)
    else:
        new = value
    return type(node).model_validate({**shallow(node), name: new})


def _default_of(annotation: Any) -> Spec | None:
    """What stands in for None in an optional field, if there is one kind of spec that it takes."""
    kinds = [kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, Spec)]
    return kinds[0]() if len(kinds) == 1 else None


def _in_tuple(node: tuple[Any, ...], name: str, rest: list[str], value: Any, path: str) -> tuple[Any, ...]:
    if not name.isdigit() or int(name) >= len(node):
        raise SettingError(f"{path}: '{name}' is not one of 0 to {len(node) - 1}")
    items = list(node)
    items[int(name)] = _replaced(items[int(name)], rest, value, path) if rest else value
    return tuple(items)


def _hint(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1)
    return f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(names)}"


def _reason(value: Any, error: pydantic.ValidationError) -> str:
    """What the first error says; where only some words are possible, the nearest."""
    first = error.errors()[0]
    context = first.get("ctx", {})
    words = str(context.get("expected_tags") or context.get("expected") or "")
    names = re.findall(r"'([^']+)'", words)
    if names and isinstance(value, str):
        return _hint(value, names)
    return first["msg"].removeprefix("Value error, ")


def shallow(spec: Spec) -> dict[str, Any]:
    """The spec's fields by name, nested specs as they are."""
    return {name: getattr(spec, name) for name in type(spec).model_fields}
