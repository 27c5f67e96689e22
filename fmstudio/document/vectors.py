"""Vector drawings: read by Qt, in the process that reads files for the window too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from fmstudio import children
from fmstudio.document.foreign import ImportProblem
from fmstudio.document.sentences import short
from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec

LONGEST = 60.0
"""Seconds that a drawing may take."""


def import_vector(path: Path) -> DrawnSpec:
    """The drawing in an SVG. Raises ImportProblem, one sentence."""
    asked = {"path": str(path.absolute()), "other": StandardNormalSpec().model_dump(mode="json")}
    answer = _answer(json.dumps(asked).encode())
    if "spec" in answer:
        return DrawnSpec.model_validate(answer["spec"])
    unsaid = f"{short(path.name)} could not be drawn: save it as PNG first."
    raise ImportProblem(str(answer.get("problem", unsaid)))


def _answer(question: bytes) -> dict[str, Any]:
    reader = children.python("fmstudio.gui.file_reader")
    with reader.start(subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL) as process:
        try:
            said, _ = process.communicate(question, LONGEST)
            return dict(json.loads(said))
        except (subprocess.TimeoutExpired, ValueError, TypeError):
            return {}
        finally:
            process.kill()
