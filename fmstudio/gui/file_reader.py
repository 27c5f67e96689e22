"""The process that reads one file for the window: ``python -m fmstudio.gui.file_reader``.

It is asked by a JSON object on standard input and answers by one on standard output: ``{"spec": ...}``, or
``{"problem": "one sentence"}``. It never sees the window, and may be killed at any moment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fmstudio.document.foreign import ImportProblem, border, read_bytes
from fmstudio.document.imports import VECTOR_SUFFIX, import_target
from fmstudio.document.pictures import picture_in
from fmstudio.document.specs.distribution import PICTURE_CELLS, DistributionSpec, DrawnSpec, PointsSpec

_SIDE = 4 * PICTURE_CELLS
DISTRIBUTION: TypeAdapter[Any] = TypeAdapter(DistributionSpec)


def main() -> None:
    asked = json.load(sys.stdin)
    path, other = Path(asked["path"]), DISTRIBUTION.validate_python(asked["other"])
    answer: dict[str, Any]
    try:
        answer = {"spec": read(path, other).model_dump(mode="json")}
    except ImportProblem as problem:
        answer = {"problem": str(problem)}
    json.dump(answer, sys.stdout)


def read(path: Path, other: Any) -> PointsSpec | DrawnSpec:
    """The distribution in a file. Raises ImportProblem."""
    if path.suffix.lower() != VECTOR_SUFFIX:
        return import_target(path, other)
    with border(path, "vector drawing that can be read: save it as PNG and try again"):
        return picture_in(_drawn(read_bytes(path)), path)


def _drawn(svg: bytes) -> bytes:
    """A vector drawing as PNG, by Qt, without a display. Raises ValueError."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
    from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication([])  # without which text has no fonts
    drawing = QSvgRenderer(QByteArray(svg))
    size = drawing.defaultSize().scaled(QSize(_SIDE, _SIDE), Qt.AspectRatioMode.KeepAspectRatio)
    if not drawing.isValid() or size.isEmpty():
        raise ValueError("no SVG")
    image = QImage(size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    drawing.render(painter)
    painter.end()
    png = QBuffer()
    png.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(png, QByteArray(b"png")).write(image)
    application.quit()
    return bytes(png.data().data())


if __name__ == "__main__":
    main()
