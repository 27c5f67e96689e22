"""Preferences: kept between starts, never in the way of one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fmstudio.document.preferences import (
    MAX_RECENT,
    Preferences,
    ThemeChoice,
    WindowGeometry,
    make_private,
    preferences_path,
    state_folder,
)


def test_that_preferences_lie_in_the_test_folder_and_nowhere_else(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert preferences_path().is_relative_to(own_home)
    assert state_folder().is_relative_to(own_home)
    monkeypatch.delenv("FMSTUDIO_HOME")
    assert preferences_path().is_relative_to(own_home)
    assert state_folder().is_relative_to(own_home)


def test_that_what_is_saved_is_loaded() -> None:
    assert Preferences.load() == Preferences()
    kept = Preferences(
        theme=ThemeChoice.LIGHT,
        reduced_motion=True,
        recent_files=("/a b/ü.fmstudio",),
        window=WindowGeometry(x=-20, y=5, width=1440, height=900, maximised=True),
    )
    kept.save()
    assert Preferences.load() == kept


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\x00\xff", "[" * 100_000, '{"theme": NaN}'])
def test_that_a_broken_file_never_stops_a_start(text: str) -> None:
    preferences_path().parent.mkdir(parents=True, exist_ok=True)
    preferences_path().write_text(text)
    loaded = Preferences.load()
    assert loaded.model_copy(update={"problem": ""}) == Preferences()
    Preferences(reduced_motion=True).save()
    assert Preferences.load() == Preferences(reduced_motion=True)


def test_that_one_broken_field_costs_only_itself_and_is_told() -> None:
    raw = {"theme": "purple", "reduced_motion": True, "window": {"x": "left"}, "from_the_future": 1}
    preferences_path().write_text(json.dumps(raw))
    loaded = Preferences.load()
    assert (loaded.theme, loaded.reduced_motion, loaded.window) == (ThemeChoice.DARK, True, None)
    assert "theme, window" in loaded.problem


def test_that_a_folder_in_its_place_is_told(own_home: Path) -> None:
    (own_home / "preferences.json").mkdir()
    assert Preferences.load().problem


def test_that_plain_words_may_be_saved_where_a_choice_is_kept() -> None:
    Preferences().model_copy(update={"theme": "light"}).save()
    assert Preferences.load().theme is ThemeChoice.LIGHT


def test_that_a_problem_is_not_saved() -> None:
    Preferences(problem="it was broken").save()
    assert Preferences.load().problem == ""


def test_that_a_failed_save_keeps_the_earlier_preferences(monkeypatch: pytest.MonkeyPatch) -> None:
    Preferences(theme=ThemeChoice.LIGHT).save()

    def fail(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space"):
            Preferences(theme=ThemeChoice.SYSTEM).save()
    assert Preferences.load().theme is ThemeChoice.LIGHT


def test_that_recent_files_are_newest_first_once_each_and_few(tmp_path: Path) -> None:
    preferences = Preferences()
    for i in range(MAX_RECENT + 3):
        preferences = preferences.with_recent(tmp_path / f"{i}.fmstudio")
    preferences = preferences.with_recent(tmp_path / "5.fmstudio")
    names = [Path(name).stem for name in preferences.recent_files]
    assert names == ["5", "12", "11", "10", "9", "8", "7", "6", "4", "3"]


@pytest.mark.parametrize("before", [None, 0o755, 0o777, 0o700])
def test_that_a_private_folder_is_for_its_owner_alone(tmp_path: Path, before: int | None) -> None:
    folder = tmp_path / "a" / "state"
    if before is not None:
        folder.mkdir(parents=True)
        folder.chmod(before)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
