"""The kinds of moving pictures, by the ending of the file's name: one entry each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fmstudio.export.errors import ExportError


@dataclass(frozen=True)
class Format:
    """How ffmpeg is asked to encode pictures of (width, height)."""

    name: str
    most_fps: float
    """frames a second beyond which viewers do not follow"""
    options: Callable[[int, int], tuple[str, ...]]


_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
_TO_BT709 = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int"


def _mp4(width: int, height: int) -> tuple[str, ...]:
    """H.264. With 4:2:0 chroma, which every player takes; it exists for even sizes only, so an odd width or
    height is kept exactly as asked by 4:4:4 chroma, which browsers and some players refuse."""
    chroma = "yuv420p" if width % 2 == 0 and height % 2 == 0 else "yuv444p"
    codec = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "17", "-pix_fmt", chroma)
    return ("-vf", _TO_BT709, *codec, *_BT709, "-movflags", "+faststart", "-f", "mp4")


def _webm(_width: int, _height: int) -> tuple[str, ...]:
    """VP9, which takes odd sizes with 4:2:0 chroma."""
    codec = (
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "6",
        "-row-mt",
        "1",
        "-crf",
        "24",
        "-b:v",
        "0",
    )
    return ("-vf", _TO_BT709, *codec, "-pix_fmt", "yuv420p", *_BT709, "-f", "webm")


def _gif(_width: int, _height: int) -> tuple[str, ...]:
    """256 colours of the film's own, with ordered dithering (which stays still between frames)."""
    dither = "dither=bayer:bayer_scale=4:diff_mode=rectangle"
    graph = f"split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse={dither}"
    return ("-filter_complex", graph, "-loop", "0", "-f", "gif")


FORMATS: dict[str, Format] = {
    ".mp4": Format("H.264", math.inf, _mp4),
    ".webm": Format("VP9", math.inf, _webm),
    ".gif": Format("GIF", 50, _gif),
}


# A GIF counts hundredths of a second, and browsers show a frame of less than two of them for ten.


def frame_rate(path: Path, fps: float) -> tuple[float, str]:
    """(frames a second that a film at ``path`` gets when ``fps`` is asked for, a sentence if it is less)."""
    kind = format_of(path)
    if fps <= kind.most_fps:
        return fps, ""
    return kind.most_fps, f"A {kind.name} has at most {kind.most_fps:g} frames a second, not {fps:g}."


def format_of(path: Path) -> Format:
    """The format that a file's name asks for. Raises ExportError."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        endings = ", ".join(FORMATS)
        raise ExportError(f"'{path.name}' does not end in a kind of video: it takes one of {endings}.")
    return found
