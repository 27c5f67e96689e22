"""Files to drop and to open: good ones, odd ones and broken ones, made in the walk's own folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from fmstudio.document.document import Document
from fmstudio.document.files import save


def make_files(folder: Path) -> list[Path]:
    """Write them all; their paths, in a fixed order."""
    rng = np.random.default_rng(0)
    ring = rng.normal(size=(400, 2))
    ring /= np.linalg.norm(ring, axis=1, keepdims=True)
    np.savetxt(folder / "ring.csv", ring, delimiter=",")
    np.save(folder / "far.npy", (100 + 40 * ring).astype(np.float32))
    np.save(folder / "tiny.npy", (0.01 * ring).astype(np.float32))
    np.save(folder / "flat.npy", np.zeros(7))
    labelled = np.concatenate([ring, np.arange(400)[:, None] % 3], 1)
    np.savetxt(folder / "labelled.csv", labelled, delimiter=",", header="x,y,label", comments="")
    (folder / "words.csv").write_text("x,y\none,two\n")
    (folder / "empty.csv").write_text("")
    (folder / "no-numbers.csv").write_text("x,y\n1,nan\ninf,2\n3,4\n")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    (folder / "notes.pdf").write_bytes(b"%PDF-1.4")
    (folder / "broken.fmstudio").write_bytes(b"PK\x03\x04")
    (folder / "gone.csv").unlink(missing_ok=True)
    _picture(folder / "letter.png")
    save(folder / "plain.fmstudio", Document(title="plain"))
    return sorted([*folder.glob("*.*"), folder / "gone.csv"])


def _picture(path: Path) -> None:
    image = QImage(96, 96, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.fillRect(20, 16, 18, 64, QColor("black"))
    painter.fillRect(20, 62, 52, 18, QColor("black"))
    painter.end()
    image.save(str(path))
