"""A file that any version saved opens in every newer one, and asks for the same.

``tests/data/saved/VERSION`` holds files as that version wrote them: every gallery entry, every kind that no
entry has, a drawing, imported points, trained models. Files are added there with each release, never changed.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fmstudio.document.files import load, save
from fmstudio.document.migrations import migrate

SAVED = sorted((Path(__file__).parents[1] / "data" / "saved").rglob("*.fmstudio"))


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lost(saved: Any, kept: Any, place: str = "") -> list[str]:
    """Where ``kept`` does not say what ``saved`` said; it may say more."""
    if isinstance(saved, dict) and isinstance(kept, dict):
        return [p for key in saved for p in lost(saved[key], kept.get(key), f"{place}/{key}")]
    if isinstance(saved, list) and isinstance(kept, list) and len(saved) == len(kept):
        return [
            p for i, (a, b) in enumerate(zip(saved, kept, strict=True)) for p in lost(a, b, f"{place}/{i}")
        ]
    return [] if saved == kept else [f"{place}: {saved!r} became {kept!r}"]


def test_that_there_are_files_of_every_kind() -> None:
    assert len(SAVED) >= 50


@pytest.mark.parametrize("path", SAVED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_that_a_file_of_an_older_version_asks_for_the_same(path: Path, tmp_path: Path) -> None:
    document, models = load(path)
    again = tmp_path / "again.fmstudio"
    save(again, document, models)
    before, after = members(path), members(again)
    asked = migrate(json.loads(before["document.json"]))
    assert lost(asked, json.loads(after["document.json"])) == []
    data = {name for name in before if name.startswith(("arrays/", "weights/"))}
    assert data <= after.keys()
    assert all(before[name] == after[name] for name in data if name.startswith("arrays/"))
    assert load(again) == (document, models)
