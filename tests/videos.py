"""What a video file holds, by ffmpeg's own word."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg


class Stream(NamedTuple):
    width: int
    height: int
    frames: int


def stream_of(path: Path) -> Stream:
    """Size and number of frames, from decoding all of it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path), "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    size = re.search(r"Video: .*?, (\d+)x(\d+)", told)
    frames = re.findall(r"frame=\s*(\d+)", told)
    assert size is not None, told
    return Stream(int(size[1]), int(size[2]), int(frames[-1]))
