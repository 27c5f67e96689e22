"""One picture into a file."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from fmstudio.document.atomic import explain_os_error, write_atomically
from fmstudio.export.errors import ExportError
from fmstudio.export.places import check_place
from fmstudio.render.scene import Bytes


def write_png(path: Path, pixels: Bytes, dpi: float | None = None) -> None:
    """Write (h, w, 3) or straight (h, w, 4) bytes as a PNG; the earlier file is whole until it is done.

    Raises ExportError with one sentence.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ExportError(f"'{path.name}' does not end in .png, the one kind of picture that is written.")
    check_place(path)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png", **({} if dpi is None else {"dpi": (dpi, dpi)}))
    try:
        write_atomically(path, stream.getvalue())
    except OSError as error:
        raise ExportError(explain_os_error(error, path)) from error
