"""Older documents, brought up to date one version at a time.

When a spec changes so that an old ``document.json`` no longer reads, raise ``SCHEMA_VERSION`` and register
the step from the version before under its number: a function from raw JSON to raw JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fmstudio.document.document import SCHEMA_VERSION

Raw = dict[str, Any]


def _camera_of_the_smaller_side(raw: Raw) -> Raw:
    """Version 1 kept half the height of what a pane shows; it is half its smaller side now, which shows as
    much or more. A camera that nobody had moved is fitted."""
    view = raw.get("view")
    if not isinstance(view, dict) or not isinstance(view.get("camera"), dict):
        return raw
    camera = view["camera"]
    moved = {("half" if name == "half_height" else name): value for name, value in camera.items()}
    rests = {"x": 0.0, "y": 0.0, "half": 3.2, **moved} == {"x": 0.0, "y": 0.0, "half": 3.2}
    return {**raw, "view": {**view, "camera": None if rests else moved}}


def _with_more(raw: Raw) -> Raw:
    """The next version only says more, and what is not said rests: version 3 lists the other members of its
    file, version 4 holds lessons, tracks, checkpoints and what is drawn by hand."""
    return raw


MIGRATIONS: dict[int, Callable[[Raw], Raw]] = {1: _camera_of_the_smaller_side, 2: _with_more, 3: _with_more}
"""version -> the function that makes version + 1 of it"""


class UnknownVersion(ValueError):
    """The version of a document is not one that this fmstudio knows. One sentence."""


def migrate(
    raw: Raw, current: int = SCHEMA_VERSION, migrations: dict[int, Callable[[Raw], Raw]] | None = None
) -> Raw:
    """``raw`` at version ``current``. Raises UnknownVersion."""
    steps = MIGRATIONS if migrations is None else migrations
    version = raw.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UnknownVersion(
            f"its schema_version is {str(version)[:40]!r}, which is no version of fmstudio's files"
        )
    if version > current:
        raise UnknownVersion(
            f"it was made by a newer fmstudio (file version {version}; this one reads up to {current}): "
            "update fmstudio"
        )
    for step in range(version, current):
        if step not in steps:
            raise UnknownVersion(f"its file version {version} is too old for this fmstudio")
        raw = _with_moments(steps[step], raw)
    return _with_moments(lambda each: {**each, "schema_version": current}, raw)


def _with_moments(step: Callable[[Raw], Raw], raw: Raw) -> Raw:
    """The step done to a document and to the documents of its moments, which are of the same version."""
    raw, lesson = step(raw), raw.get("lesson")
    if not isinstance(lesson, list):
        return raw
    return {**raw, "lesson": [_with_document(step, moment) for moment in lesson]}


def _with_document(step: Callable[[Raw], Raw], moment: Any) -> Any:
    shown = moment.get("document") if isinstance(moment, dict) else None
    return {**moment, "document": step(shown)} if isinstance(shown, dict) else moment
