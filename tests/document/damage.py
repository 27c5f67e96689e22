"""Whole files of every kind that is read, and ways to damage them."""

from __future__ import annotations

import io
import random
import re
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fmstudio.document.files import load, save
from fmstudio.document.imports import import_target
from tests.document.test_files import DOCUMENT, MODEL

Sample = tuple[Path, bytes]
_WORDS = (
    b"nan",
    b"1e39",
    b"-1e300",
    b"9" * 400,
    b"\x1b[2J",
    b"\0",
    b'"',
    b";",
    b"(" * 200,
    b"-" * 200,
    b"[" * 2000,
    b"{}",
    b"\xff\xff\xff\xff",
    b"PK\x05\x06",
    b"%!PS",
)


def samples(folder: Path) -> list[Sample]:
    """Where each kind of file lies, and what is in a whole one."""
    points = np.random.default_rng(0).normal(size=(40, 2))
    made: dict[str, bytes] = {}
    for name, picture_format in (("a.png", "PNG"), ("a.gif", "GIF"), ("a.jpg", "JPEG"), ("a.tif", "TIFF")):
        picture = Image.new("RGB", (40, 30), "white")
        ImageDraw.Draw(picture).ellipse((8, 8, 24, 24), fill="red")
        stream = io.BytesIO()
        picture.save(stream, picture_format)
        made[name] = stream.getvalue()
    rows = "\n".join(f"{x:.4f},{y:.4f}" for x, y in points)
    made["a.csv"] = f"x,y\n{rows}\n".encode()
    made["b.csv"] = b"x;y;label\n1,5;2,5;a\n3,5;4;b\n5;6;a\n7;8;b\n"
    stream = io.BytesIO()
    np.save(stream, points)
    made["a.npy"] = stream.getvalue()
    save(folder / "a.fmstudio", DOCUMENT, [MODEL])
    made["a.fmstudio"] = (folder / "a.fmstudio").read_bytes()
    made["b.fmstudio"] = _unpacked(made["a.fmstudio"])
    return [(folder / name, content) for name, content in made.items()]


def _unpacked(content: bytes) -> bytes:
    """The same zip without compression, so that damage reaches what is in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name))
    return stream.getvalue()


def damaged(content: bytes, luck: random.Random) -> bytes:
    """Bits flipped, bytes lost, doubled and put in; checksums of a zip are made right half of the time."""
    found = bytearray(content)
    for _ in range(luck.randint(1, 4)):
        at = luck.randrange(len(found) + 1)
        way = luck.randrange(5)
        if way == 0 and found:
            found[at % len(found)] ^= 1 << luck.randrange(8)
        elif way == 1:
            del found[at : at + luck.randint(1, 40)]
        elif way == 2:
            found[at:at] = luck.choice(_WORDS)
        elif way == 3:
            found[at:at] = found[at : at + luck.randint(1, 60)]
        elif way == 4 and luck.random() < 0.3:
            del found[at:]
    return _with_right_sums(bytes(found)) if luck.random() < 0.5 else bytes(found)


def _with_right_sums(content: bytes) -> bytes:
    """A zip without compression whose members are damaged, packed anew: readers behind the zip see them."""
    if not content.startswith(b"PK"):
        return content
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        seen = set()
        for part in re.split(rb"PK\x03\x04", content)[1:]:
            length = int.from_bytes(part[22:24], "little")
            name = part[26 : 26 + length].decode("latin-1")
            if length and name not in seen and "\0" not in name:
                seen.add(name)
                size = int.from_bytes(part[14:18], "little")
                archive.writestr(zipfile.ZipInfo(name), part[26 + length : 26 + length + size])
    return stream.getvalue()


def outcome(path: Path) -> str:
    """'' if the file was read, or the sentence by which it was refused. Raises whatever else happened."""
    try:
        load(path) if path.suffix == ".fmstudio" else import_target(path)
    except ValueError as error:
        told = str(error)
        is_sentence = told.endswith(".") and told.isprintable() and len(told) <= 200 and path.name in told
        if not is_sentence or "http" in told or "Error" in told:
            raise AssertionError(f"no sentence: {told!r}") from error
        return told
    return ""
