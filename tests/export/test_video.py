"""Files that are whole or not there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from fmstudio.export import video
from fmstudio.export.errors import ExportError
from fmstudio.export.formats import FORMATS, frame_rate
from fmstudio.export.frames import frames
from fmstudio.export.video import check_writable, write_video
from fmstudio.render.scene import Bytes, Scene
from tests.render.vispy.scenes import scene

SIZE = (96, 64)
OLD = b"the earlier film"


def pictures(n: int = 6, size: tuple[int, int] = SIZE) -> Iterator[Bytes]:
    """A white square that moves to the right on blue."""
    for i in range(n):
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        frame[..., 2] = 160
        frame[16:32, 8 * i : 8 * i + 16] = 255
        yield frame


@dataclass(frozen=True)
class Film:
    """What a player is told, and the frames it shows."""

    codec: str
    chroma: str
    size: tuple[int, int]
    fps: float
    shown: np.ndarray


def read(path: Path) -> Film:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    run = subprocess.run(command, capture_output=True, check=True)
    line = re.search(r"Video: (\w+).*?, (\w+)[(,].*?(\d+)x(\d+).*? ([\d.]+) fps", run.stderr.decode())
    assert line is not None
    width, height = int(line[3]), int(line[4])
    shown = np.frombuffer(run.stdout, np.uint8).reshape(-1, height, width, 3)
    return Film(line[1], line[2], (width, height), float(line[5]), shown)


def left_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("size", [(96, 64), (97, 63), (96, 63)])
def test_that_a_film_has_the_size_rate_and_frames_asked_for(
    tmp_path: Path, ending: str, size: tuple[int, int]
) -> None:
    path = tmp_path / f"film{ending}"
    done = list(write_video(path, pictures(6, size), size, 25))
    film = read(path)
    assert done == [1, 2, 3, 4, 5, 6]
    assert (film.size, film.fps, len(film.shown)) == (size, 25, 6)
    assert left_in(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_that_the_film_shows_the_frames_in_their_colours(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film{ending}"
    list(write_video(path, pictures(), SIZE, 30))
    for given, seen in zip(pictures(), read(path).shown, strict=True):
        assert np.abs(given.astype(int) - seen).mean() < 4
        assert np.abs(seen[4, 4].astype(int) - (0, 0, 160)).max() <= 12


def test_that_an_even_mp4_plays_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    list(write_video(path, pictures(), SIZE, 30))
    film = read(path)
    assert (film.codec, film.chroma) == ("h264", "yuv420p")


@pytest.mark.parametrize("fps", [24, 30, 59.94, 12.5])
def test_that_a_fractional_rate_is_kept(tmp_path: Path, fps: float) -> None:
    path = tmp_path / "film.mp4"
    list(write_video(path, pictures(), SIZE, fps))
    assert read(path).fps == pytest.approx(fps, abs=0.01)


def test_that_the_same_frames_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        list(write_video(tmp_path / name, pictures(), SIZE, 30))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_that_a_new_film_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(OLD)
    list(write_video(path, pictures(), SIZE, 30))
    assert len(read(path).shown) == 6


def test_that_the_earlier_film_is_whole_until_the_new_one_is(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(OLD)
    for _ in write_video(path, pictures(), SIZE, 30):
        assert path.read_bytes() == OLD


def test_that_cancelling_leaves_the_earlier_film_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(OLD)
    work = write_video(path, pictures(), SIZE, 30)
    next(work)
    next(work)
    work.close()
    assert path.read_bytes() == OLD
    assert left_in(tmp_path) == ["film.mp4"]


def test_that_a_failure_while_drawing_leaves_the_earlier_film(tmp_path: Path) -> None:
    def broken() -> Iterator[Bytes]:
        yield from pictures(2)
        raise ZeroDivisionError

    path = tmp_path / "film.mp4"
    path.write_bytes(OLD)
    with pytest.raises(ZeroDivisionError):
        list(write_video(path, broken(), SIZE, 30))
    assert path.read_bytes() == OLD
    assert left_in(tmp_path) == ["film.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("after", [0, 2])
def test_that_a_killed_ffmpeg_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    started: list[int] = []
    popen = subprocess.Popen

    def watched(*words: object, **options: object) -> subprocess.Popen[bytes]:
        process = popen(*words, **options)  # type: ignore[call-overload]
        started.append(process.pid)
        return process  # type: ignore[no-any-return]

    monkeypatch.setattr(video.subprocess, "Popen", watched)
    path = tmp_path / "film.mp4"
    path.write_bytes(OLD)
    work = write_video(path, (np.zeros((480, 640, 3), np.uint8) for _ in range(60)), (640, 480), 30)
    for _ in range(after + 1):
        next(work)
    os.kill(started[0], signal.SIGKILL)
    with pytest.raises(ExportError, match=r"ffmpeg stopped before the video was whole.*Try again\."):
        list(work)
    assert path.read_bytes() == OLD
    assert left_in(tmp_path) == ["film.mp4"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_that_a_full_disk_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(OLD)

    @contextmanager
    def on_a_full_disk(_path: Path) -> Iterator[Path]:
        yield Path("/dev/full")

    monkeypatch.setattr(video, "replacing", on_a_full_disk)
    with pytest.raises(ExportError, match=r"The disk is full: .*film\.mp4 was not written"):
        list(write_video(path, pictures(), SIZE, 30))
    assert path.read_bytes() == OLD
    assert left_in(tmp_path) == ["film.mp4"]


def test_that_a_missing_ffmpeg_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)
    with pytest.raises(ExportError, match=r"ffmpeg is missing: .*pip install"):
        list(write_video(tmp_path / "film.mp4", pictures(), SIZE, 30))
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(tmp_path / "no-such-program"))
    with pytest.raises(ExportError, match="ffmpeg could not be started"):
        list(write_video(tmp_path / "film.mp4", pictures(), SIZE, 30))
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("film.avi", r"'film\.avi' does not end in a kind of video: it takes one of \.mp4, \.webm, \.gif\."),
        ("film", "does not end in a kind of video"),
        ("nowhere/film.mp4", r"The folder .*nowhere is not there"),
        ("folder.mp4", r"folder\.mp4 is a folder"),
    ],
)
def test_that_a_place_that_cannot_be_written_is_told_before_any_work(
    tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(ExportError, match=sentence):
        check_writable(tmp_path / name)


def test_that_checking_a_place_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "film.mp4")
    assert left_in(tmp_path) == []


def test_that_a_refused_folder_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_words: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(ExportError, match=r"No permission for .*film\.mp4: choose another folder"):
        check_writable(tmp_path / "film.mp4")


def test_that_a_frame_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"it takes \(64, 96, 3\) of uint8"):
        list(write_video(tmp_path / "film.mp4", pictures(2, (95, 64)), SIZE, 30))
    assert left_in(tmp_path) == []


def test_that_frames_are_drawn_only_when_asked_for() -> None:
    class Drawer:
        drawn = 0

        def draw(self, _scene: Scene) -> Bytes:
            self.drawn += 1
            return np.zeros((2, 2, 3), np.uint8)

    drawer = Drawer()
    film = frames((scene() for _ in range(5)), drawer)
    next(film)
    assert drawer.drawn == 1
    assert len(list(film)) == 4


@pytest.mark.parametrize("name", ["2026-01-26T20:57:04Z", "12:30", "-y", "a|b", "file:x", "%03d", "pipe:1"])
@pytest.mark.parametrize("ending", FORMATS)
def test_that_a_name_is_no_protocol_pattern_or_option(
    name: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(name + ending)
    assert list(write_video(path, pictures(2), SIZE, 10)) == [1, 2]
    assert left_in(tmp_path) == [path.name]


@pytest.mark.parametrize("fps", [1, 10, 24, 29.97, 30, 33, 45, 50, 60, 100, 120, 240])
def test_that_a_gif_lasts_as_long_as_asked_where_short_frames_are_held_up(fps: float, tmp_path: Path) -> None:
    """Browsers show a frame of less than 20 ms for 100 ms."""
    path, seconds = tmp_path / "film.gif", 2.0
    rate, told = frame_rate(path, fps)
    assert bool(told) == (fps > 50)
    list(write_video(path, pictures(round(seconds * rate)), SIZE, rate))
    with Image.open(path) as film:
        lengths = [_seek(film, i) for i in range(film.n_frames)]
    assert min(lengths) >= 20
    assert abs(sum(lengths) / 1000 - seconds) <= 1 / rate + 0.011


def _seek(film: Image.Image, frame: int) -> int:
    film.seek(frame)
    return int(film.info["duration"])
