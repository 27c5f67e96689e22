"""The names of shared blocks: whose they are, and what to do with those of the dead. No torch.

A process that makes blocks has a word of its own, made by chance, and holds a file of that word locked for as
long as it lives. A block whose owner's file is free, or gone, is of nobody. Whatever else lies in those
folders, which all users of a machine share, is passed over.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

from fmstudio.document.held_file import HeldFile

_BLOCK = re.compile(r"fmstudio-([0-9a-f]{16})-[0-9a-f]{12}")
_OWNER = re.compile(r"fmstudio-([0-9a-f]{16})-owner")

_word, _maker = "", 0
_held: dict[Path, HeldFile] = {}


def directories() -> tuple[Path, ...]:
    """Where blocks lie, best first."""
    memory = Path("/dev/shm")
    disk = Path(tempfile.gettempdir())
    return (memory, disk) if os.access(memory, os.W_OK) else (disk,)


def word() -> str:
    """This process's own (a forked one makes its own)."""
    global _word, _maker
    if _maker != os.getpid():
        _word, _maker = secrets.token_hex(8), os.getpid()
        _held.clear()
    return _word


def prefix(directory: Path) -> str:
    """How the name of a new block of ours begins; from now on the directory shows that we live.
    Raises OSError."""
    own = word()
    if directory not in _held:
        held = None
        while held is None:  # a sweep may just be looking at the new file
            held = HeldFile.take(directory / f"fmstudio-{own}-owner")
        _held[directory] = held
        weakref.finalize(held, _leave, held.path, os.getpid())
    return f"fmstudio-{own}-"


def sweep() -> None:
    """Remove what is left of processes that are gone."""
    for directory in directories():
        owners = {match[1] for _, match in _files(directory)}
        for owner in owners - {word()}:
            _clear(directory, owner)


def remove_blocks_of(owner: str) -> bool:
    """Remove what is left of a process that is gone; False if it lives."""
    gone = [_clear(directory, owner) for directory in directories()]
    return all(gone)


def mine() -> list[Path]:
    """The blocks of this process."""
    found = ((path, match) for directory in directories() for path, match in _files(directory))
    return [path for path, match in found if match[1] == word() and match.re is _BLOCK]


def remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # Windows keeps a mapped file, and nobody may remove another user's: a later sweep finds it, or not.
        return


def _clear(directory: Path, owner: str) -> bool:
    """The owner's file goes last: while it is there and held by us, nobody else clears."""
    mark = directory / f"fmstudio-{owner}-owner"
    held = HeldFile.take(mark, create=False)
    if held is None and os.path.lexists(mark):
        return False
    for path, match in _files(directory):
        if match[1] == owner and match.re is _BLOCK:
            remove(path)
    if held is not None:
        held.remove()
    return True


def _files(directory: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    """Regular files of this user whose names are blocks' or owners'."""
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        match = _BLOCK.fullmatch(name) or _OWNER.fullmatch(name)
        if match is not None and _is_ours(directory / name):
            yield directory / name, match


def _is_ours(path: Path) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return mine and stat.S_ISREG(status.st_mode)


def _leave(path: Path, maker: int) -> None:
    if os.getpid() == maker:
        remove(path)
