from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fmstudio.export import images
from fmstudio.export.errors import ExportError
from fmstudio.export.images import write_png

PIXELS = np.random.default_rng(0).integers(0, 256, (13, 17, 4), dtype=np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
def test_that_a_picture_comes_back_as_it_was(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "still.png"
    write_png(path, PIXELS[..., :channels], dpi=300)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), PIXELS[..., :channels])
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["still.png"]


def test_that_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"'still\.jpg' does not end in \.png"):
        write_png(tmp_path / "still.jpg", PIXELS)


def test_that_a_full_disk_leaves_the_earlier_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "still.png"
    write_png(path, PIXELS)
    before = path.read_bytes()

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(images, "write_atomically", full)
    with pytest.raises(ExportError, match=r"The disk is full: .*still\.png"):
        write_png(path, PIXELS[::-1])
    assert path.read_bytes() == before
