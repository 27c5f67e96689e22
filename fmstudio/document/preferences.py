"""What a person prefers, whatever document is open: kept as JSON in the user's configuration folder.

``FMSTUDIO_HOME`` names another folder (for portable copies and tests). Read once at the start, written on
change, both on the GUI thread. Nothing in the file can stop a start: what does not read is left out, and
``problem`` says so.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import Field, ValidationError

from fmstudio.document.atomic import explain_os_error, write_atomically
from fmstudio.document.regular import open_regular
from fmstudio.document.specs.spec import Spec

MAX_RECENT = 10
_MAX_BYTES = 2**20


class ThemeChoice(StrEnum):
    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"


class WindowGeometry(Spec):
    """Where the window was, in logical pixels."""

    x: int
    y: int
    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)
    maximised: bool = False


class Preferences(Spec):
    """Frozen; ``model_copy(update=...)`` changes it and ``save`` keeps it."""

    theme: ThemeChoice = ThemeChoice.DARK
    reduced_motion: bool = False
    has_toured: bool = False
    """the tour has been shown"""
    recent_files: tuple[str, ...] = ()
    """newest first"""
    window: WindowGeometry | None = None
    problem: str = Field(default="", exclude=True)
    """one sentence if the file could not be read in full"""

    @classmethod
    def load(cls) -> Self:
        """What was saved; the defaults where there is nothing, or nothing that reads. Never raises."""
        path = preferences_path()
        try:
            with open_regular(path) as stream:
                raw = json.loads(stream.read(_MAX_BYTES))
        except FileNotFoundError:
            return cls()
        except OSError as error:
            return cls(problem=explain_os_error(error, path))
        except (ValueError, RecursionError):
            return cls(problem=f"The preferences in {path} are damaged; fmstudio starts with the defaults.")
        return cls._salvaged(raw if isinstance(raw, dict) else {}, path)

    def save(self) -> None:
        """Write the file, atomically. Raises OSError."""
        path = preferences_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, self.model_dump_json(indent=1, warnings=False).encode())

    def with_recent(self, file: Path) -> Self:
        """``file`` moved to the front of the recent ones."""
        name = str(file.absolute())
        others = [other for other in self.recent_files if other != name]
        return self.model_copy(update={"recent_files": (name, *others)[:MAX_RECENT]})

    @classmethod
    def _salvaged(cls, raw: dict[str, Any], path: Path) -> Self:
        """Every field that reads; what a newer fmstudio has added is passed over."""
        known = {name: raw[name] for name in cls.model_fields if name in raw and name != "problem"}
        broken = []
        for name, value in list(known.items()):
            try:
                cls.model_validate({name: value})
            except ValidationError:
                broken.append(name)
                del known[name]
        if broken:
            known["problem"] = (
                f"The preferences in {path} hold no valid {', '.join(broken)}; the default is used."
            )
        return cls.model_validate(known)


def config_folder() -> Path:
    """Where preferences lie."""
    home = os.environ.get("FMSTUDIO_HOME")
    return Path(home) if home else Path(platformdirs.user_config_dir("fmstudio", appauthor=False))


def state_folder() -> Path:
    """Where what survives a crash lies (autosaves)."""
    home = os.environ.get("FMSTUDIO_HOME")
    return Path(home) / "state" if home else Path(platformdirs.user_state_dir("fmstudio", appauthor=False))


def make_private(folder: Path) -> None:
    """Make the folder, for its owner's eyes alone: also where it was there before. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def preferences_path() -> Path:
    return config_folder() / "preferences.json"
