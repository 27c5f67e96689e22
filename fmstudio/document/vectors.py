"""Vector drawings: read by Qt, in the process that reads files for the window too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from fmstudio import children
from fmstudio.document.foreign import ImportProblem, border
from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec

LONGEST = 60.0
"""Seconds that a drawing may take."""


def import_vector(path: Path) -> DrawnSpec:
    """The drawing in an SVG. Raises ImportProblem, one sentence."""
    asked = {"path": str(path.absolute()), "other": StandardNormalSpec().model_dump(mode="json")}
    with border(path, "vector drawing that can be read: save it as PNG and try again"):
        answer = _answer(json.dumps(asked).encode())
        if "problem" in answer:
            raise ImportProblem(str(answer["problem"]))
        return DrawnSpec.model_validate(answer["spec"])


def _answer(question: bytes) -> dict[str, Any]:
    reader = children.python("fmstudio.gui.file_reader")
    with reader.start(subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL) as process:
        try:
            said, _ = process.communicate(question, LONGEST)
        except subprocess.TimeoutExpired as error:
            raise ValueError("it takes too long") from error
        finally:
            process.kill()
    return dict(json.loads(said))
