"""Only files are read and replaced: pipes, devices, sockets, folders and links to them are told."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fmstudio.document.atomic import explain_os_error, replacing, write_atomically
from fmstudio.document.files import DocumentError, SaveError, load, save
from fmstudio.document.foreign import ImportProblem, read_bytes
from fmstudio.document.imports import import_target
from fmstudio.document.preferences import Preferences, preferences_path
from fmstudio.export.errors import ExportError
from fmstudio.export.places import check_place
from fmstudio.export.places import replacing as replacing_film
from tests.document.test_files import DOCUMENT

NO_FILES = ("pipe", "device", "socket", "folder", "link to pipe", "link to device", "link to link to device")


@pytest.fixture(params=NO_FILES)
def no_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Something at the end of ``lies.here`` that is no file."""
    kind: str = request.param
    place = tmp_path / "lies.csv"
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "folder":
            place.mkdir()
        elif kind == "socket":
            listener.bind(str(place))
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "link to pipe":
            os.mkfifo(tmp_path / "pipe")
            place.symlink_to("pipe")
        elif kind == "device":
            make_device(place)
        else:
            make_device(tmp_path / "null")
            (tmp_path / "link").symlink_to("null")
            place.symlink_to("link" if "link to link" in kind else "null")
        yield place


def make_device(place: Path) -> None:
    """One of our own where that is allowed; a link to the system's where not."""
    try:
        os.mknod(place, 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        place.symlink_to("/dev/zero")


def sight(folder: Path) -> list[tuple[str, int]]:
    return sorted((entry.name, os.lstat(entry).st_mode) for entry in folder.iterdir())


def test_that_it_is_not_read_and_nobody_waits(no_file: Path) -> None:
    for read in (read_bytes, import_target):
        with pytest.raises(ImportProblem, match=r"pipe|device|socket|folder"):
            read(no_file)
    with pytest.raises(DocumentError, match=r"pipe|device|socket|folder"):
        load(no_file)


def test_that_it_is_not_replaced(no_file: Path) -> None:
    before = sight(no_file.parent)
    with pytest.raises(SaveError, match=r"pipe|device|socket|folder"):
        save(no_file, DOCUMENT)
    with pytest.raises(OSError, match=r"."):
        write_atomically(no_file, b"x")
    with pytest.raises(ExportError, match=r"pipe|device|socket|folder"):
        check_place(no_file)
    with pytest.raises(ExportError), replacing_film(no_file) as part:
        part.write_bytes(b"x")
    assert sight(no_file.parent) == before


def test_that_preferences_that_are_a_pipe_stop_no_start() -> None:
    preferences_path().parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(preferences_path())
    assert "pipe" in Preferences.load().problem


# ---- what is half-made -------------------------------------------------------------------------------


def killed(path: Path, age: float) -> Path:
    """What a writer of ``path`` leaves that is killed half-way, so many seconds ago."""
    with suppress(KeyboardInterrupt), replacing(path) as stream:
        stream.write(b"half")
        stream.flush()
        (part,) = (entry for entry in path.parent.iterdir() if entry.name.startswith(f".{path.name[0]}"))
        kept = part.with_name(part.name.replace(part.name[-13:-5], "0123abcd"))
        os.link(part, kept)
        raise KeyboardInterrupt
    then = os.stat(kept).st_mtime - age
    os.utime(kept, (then, then))
    return kept


NAMES = ("a.fmstudio", "ü" * 120 + ".csv", "x" * 251 + ".csv", "[a-z]*.csv", "a b\nc.csv")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by", ["save", "film"])
def test_that_the_next_writer_clears_what_a_killed_one_left(tmp_path: Path, name: str, by: str) -> None:
    path = tmp_path / name
    left = killed(path, age=3600)
    if by == "save":
        write_atomically(path, b"whole")
    else:
        with replacing_film(path) as part:
            part.write_bytes(b"whole")
    assert not left.exists()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_that_what_another_one_writes_now_or_calls_otherwise_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    others = [
        killed(path, age=5),
        killed(tmp_path / "b.csv", age=3600),
        tmp_path / ".a.csv.bak.part",
        tmp_path / ".a.csv.0123ABCD.part",
    ]
    for other in others[2:]:
        other.write_bytes(b"mine")
        os.utime(other, (0, 0))
    folder = tmp_path / ".a.csv.00000000.part"
    folder.mkdir()
    os.utime(folder, (0, 0))
    write_atomically(path, b"whole")
    assert all(other.exists() for other in (*others, folder))


def test_that_a_link_keeps_what_it_is_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "film.mp4", tmp_path / "film.mp4"
    target.write_bytes(b"before")
    link.symlink_to(target)
    with replacing_film(link) as part:
        part.write_bytes(b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"
    assert sorted(tmp_path.rglob("*.part")) == []


def test_that_a_name_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / ("\x1b[2J" * 80 + ".fmstudio")
    for act in (lambda: save(path, DOCUMENT), lambda: load(path), lambda: import_target(path)):
        with pytest.raises(ValueError, match=r"too long|cannot be imported") as caught:
            act()
        assert len(str(caught.value)) <= 200
        assert str(caught.value).isprintable()


def test_that_a_circle_of_links_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    with pytest.raises(ImportProblem, match="circle"):
        import_target(tmp_path / "a.csv")


def test_that_an_unknown_reason_is_told_as_the_system_tells_it(tmp_path: Path) -> None:
    assert "odd" in explain_os_error(OSError(9999, "an odd reason"), tmp_path)
