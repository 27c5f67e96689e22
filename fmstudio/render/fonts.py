"""The fonts of words on the canvas: the system's own sans serif, and for characters that it lacks any font of
the system that has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import freetype
from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "win32": (("segoeui.ttf", "segoeuib.ttf"), ("arial.ttf", "arialbd.ttf")),
    "darwin": (("HelveticaNeue.ttc", "HelveticaNeue.ttc"), ("Arial.ttf", "Arial Bold.ttf")),
    "linux": (
        ("Inter-Regular.ttf", "Inter-SemiBold.ttf"),
        ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
        ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
        ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ),
}
"""(regular, bold) by platform, best first."""

_FACES = {"HelveticaNeue.ttc": (0, 1)}
"""(regular, bold) faces inside a collection."""

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    os.path.join(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"),
)
_PLAIN = ("noto sans", "dejavu sans", "droid sans", "segoe ui", "arial unicode", "hiragino", "symbola")
"""Families that go well with ours, before all others."""


@lru_cache(maxsize=1)
def _files() -> tuple[str, str] | None:
    """The first pair that this machine has; None if it has none."""
    ours = _FILES.get(sys.platform, _FILES["linux"])
    others = tuple(pair for pairs in _FILES.values() for pair in pairs if pair not in ours)
    for pair in ours + others:
        if all(_exists(name) for name in pair):
            return pair
    return None


def _exists(name: str) -> bool:
    try:
        ImageFont.truetype(name, 12)
    except OSError:
        return False
    return True


@lru_cache(maxsize=64)
def font(size: float, bold: bool) -> Font:
    """The font at ``size`` pixels. Pillow's built-in one where the system has none that is known."""
    files = _files()
    if files is None:
        return ImageFont.load_default(size)
    name = files[1] if bold else files[0]
    return ImageFont.truetype(name, size, index=_FACES.get(name, (0, 0))[int(bold)])


def pieces(text: str, size: float, bold: bool) -> Iterator[tuple[str, Font]]:
    """The text in runs of one font each: ours, or for what it lacks one of the system that has it."""
    ours = font(size, bold)
    if text.isascii() or not isinstance(ours, ImageFont.FreeTypeFont):
        yield text, ours
        return
    own = str(ours.path)
    for path, run in groupby(text, lambda character: _file_for(character, own)):
        yield "".join(run), ours if path == own else _fallback(path, size)


@lru_cache(maxsize=64)
def _fallback(path: str, size: float) -> Font:
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=4096)
def _file_for(character: str, own: str) -> str:
    """The font file that has a character; our own where none has it, or where it has no picture."""
    if character.isspace() or _has(own, character):
        return own
    return next((path for path in _system_fonts() if _has(path, character)), own)


def _has(path: str, character: str) -> bool:
    face = _face(path)
    return face is not None and face.get_char_index(character) != 0


@lru_cache(maxsize=512)
def _face(path: str) -> freetype.Face | None:
    """The outlines of a file; None for what is no font, or one of fixed pictures only."""
    try:
        face = freetype.Face(path)
    except freetype.FT_Exception:
        return None
    return face if face.is_scalable else None


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    """Every font file of the system, those that go well with ours first."""
    folders = (Path(name).expanduser() for name in _FOLDERS)
    endings = (".ttf", ".otf", ".ttc")
    found = [
        str(path)
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings
    ]
    return tuple(sorted(found, key=_rank))


def _rank(path: str) -> tuple[int, bool, str]:
    """Plain sans serifs first, upright and regular before slanted and bold."""
    name = Path(path).stem.lower().replace("-", " ")
    joined = name.replace(" ", "")
    family = next(
        (i for i, known in enumerate(_PLAIN) if joined.startswith(known.replace(" ", ""))), len(_PLAIN)
    )
    is_styled = any(style in name for style in ("bold", "italic", "oblique", "mono", "condensed", "light"))
    return family, is_styled, path
