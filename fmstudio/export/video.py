"""Pictures into a video file, through ffmpeg in a process of its own (so encoding overlaps drawing).

Sizes: an .mp4 of even width and height is H.264 with 4:2:0 chroma; an odd size is kept exactly, with 4:4:4.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np

from fmstudio import children
from fmstudio.export.errors import ExportError
from fmstudio.export.formats import format_of
from fmstudio.export.places import check_place, replacing
from fmstudio.render.scene import Bytes


def check_writable(path: Path) -> None:
    """Raise ExportError at once if no video can be written at ``path``: before anything long is computed."""
    format_of(path)
    check_place(path)
    ffmpeg_program()


def write_video(path: Path, frames: Iterable[Bytes], size: tuple[int, int], fps: float) -> Iterator[int]:
    """Write the frames, (height, width, 3) each; yields how many are done after each one.

    The file appears at ``path`` when the generator has been run to its end. Closing it earlier cancels.
    Raises ExportError (bad name, no permission, full disk, ffmpeg missing or killed); then, and when
    cancelled, an earlier file at ``path`` is whole and nothing else is left behind.
    """
    path = Path(path)
    check_writable(path)
    with replacing(path) as part:
        command = [*_input(size, fps), *format_of(path).options(*size), "-y", f"file:{part.absolute()}"]
        with _Encoder(command, path).running() as encoder:
            for done, frame in enumerate(frames, 1):
                encoder.write(_checked(frame, size))
                yield done


def _checked(frame: Bytes, size: tuple[int, int]) -> Bytes:
    shape = (size[1], size[0], 3)
    if frame.shape != shape or frame.dtype.name != "uint8":
        raise ValueError(f"A frame has shape {frame.shape} of {frame.dtype}, it takes {shape} of uint8.")
    return frame


def ffmpeg_program() -> str:
    """The path of the ffmpeg program. Raises ExportError."""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ExportError(
            "ffmpeg is missing: reinstall imageio-ffmpeg (pip install imageio-ffmpeg)."
        ) from error


def _input(size: tuple[int, int], fps: float) -> list[str]:
    rate = Fraction(fps).limit_denominator(1001)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "-"]
    return [ffmpeg_program(), "-hide_banner", "-loglevel", "error", *raw, "-an"]


class _Encoder:
    """One run of ffmpeg. Its complaints go to a file, so that nobody need read a pipe meanwhile."""

    def __init__(self, command: list[str], path: Path) -> None:
        self._path = path
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in running)
        try:
            self._process = children.program(*command).start(
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._complaints
            )
        except OSError as error:
            self._complaints.close()
            raise ExportError(
                f"ffmpeg could not be started ({error.strerror}): reinstall imageio-ffmpeg."
            ) from error

    @contextmanager
    def running(self) -> Iterator[_Encoder]:
        """Finishes the file at the end of the block, or ends ffmpeg if the block is left early."""
        try:
            yield self
            self._finish()
        finally:
            if self._process.poll() is None:
                self._process.kill()
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._close_input()
            self._process.wait()
            self._complaints.close()

    def write(self, frame: Bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(frame).data)
        except OSError as error:
            self._process.wait()
            raise ExportError(self._sentence()) from error

    def _finish(self) -> None:
        self._close_input()
        if self._process.wait() != 0:
            raise ExportError(self._sentence())

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            # What was buffered could not be written, so ffmpeg has ended; its exit status says why.
            self._process.kill()

    def _sentence(self) -> str:
        """What went wrong, in words for people."""
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip()
        if "No space left" in said:
            return (
                f"The disk is full: {self._path} was not written. Free some space or choose another folder."
            )
        if "Permission denied" in said:
            return f"No permission for {self._path}: choose another folder or change its permissions."
        reason = said.splitlines()[-1] if said else "it was ended from outside"
        return (
            f"ffmpeg stopped before the video was whole ({reason}): {self._path} was not written. Try again."
        )
