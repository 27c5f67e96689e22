"""A look at the machine: what is there, what is missing, and the cure."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import time
from typing import Any

from fmstudio import __version__
from fmstudio.startup import display_problem

PACKAGES = (
    "PySide6-Essentials",
    "torch",
    "vispy",
    "pyqtgraph",
    "numpy",
    "scipy",
    "pydantic",
    "imageio-ffmpeg",
    "POT",
)


def examine() -> dict[str, Any]:
    """Everything that ``fmstudio doctor`` tells; ``problems`` is a list of {problem, cure}."""
    problems: list[dict[str, str]] = []
    return {
        "fmstudio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _packages(problems),
        "display": _display(problems),
        "gl_renderer": _renderer(problems),
        "ffmpeg": _ffmpeg(problems),
        **_engine(problems),
        "problems": problems,
    }


def _packages(problems: list[dict[str, str]]) -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "missing"
            problems.append(
                {"problem": f"{name} is not installed.", "cure": "python3 packaging/bootstrap.py run"}
            )
    if versions["PySide6-Essentials"].startswith("6.12") and sys.version_info < (3, 12):
        cure = "pip install 'PySide6-Essentials<6.12'"
        problems.append({"problem": "PySide6 6.12 with Python 3.11 aborts after a while.", "cure": cure})
    return versions


def _display(problems: list[dict[str, str]]) -> str:
    """The display that a window would open on. None at all is no fault: pictures need none."""
    named = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    problem = display_problem()
    if named and problem:
        cure = "Unset the variable, or set it to a display that is there"
        problems.append({"problem": problem.partition(" Start")[0], "cure": cure})
    return named or "none"


def _renderer(problems: list[dict[str, str]]) -> str:
    from fmstudio.render.vispy.offscreen import NoOpenGL, OffscreenRenderer

    try:
        renderer = OffscreenRenderer(32, 32)
    except (NoOpenGL, OSError, ImportError, ValueError) as error:
        cure = "On Debian or Ubuntu: apt-get install libegl1 libgl1 libgl1-mesa-dri"
        problems.append({"problem": f"No off-screen OpenGL: {error}", "cure": cure})
        return "none"
    name = renderer.gl_renderer
    renderer.close()
    return name


def _ffmpeg(problems: list[dict[str, str]]) -> str:
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_version())
    except (RuntimeError, OSError) as error:
        cure = "pip install --force-reinstall imageio-ffmpeg, or install ffmpeg and set IMAGEIO_FFMPEG_EXE"
        problems.append({"problem": f"No ffmpeg: {error}", "cure": cure})
        return "none"


def _engine(problems: list[dict[str, str]]) -> dict[str, Any]:
    """Start an engine process and wait for its first word."""
    from fmstudio.engine.client import ProcessEngine
    from fmstudio.engine.messages import EngineLost, EngineReady

    started = time.monotonic()
    engine = ProcessEngine()
    try:
        while time.monotonic() - started < 60:
            for reply in engine.poll():
                if isinstance(reply, EngineReady):
                    return {"device": reply.device, "engine_start_s": round(time.monotonic() - started, 2)}
                if isinstance(reply, EngineLost):
                    problems.append(
                        {"problem": reply.message, "cure": "Reinstall torch and run doctor again."}
                    )
                    return {"device": "none", "engine_start_s": None}
            time.sleep(0.01)
    finally:
        engine.close()
    problems.append(
        {"problem": "The engine did not answer in 60 s.", "cure": "Run doctor again on a quiet machine."}
    )
    return {"device": "none", "engine_start_s": None}


def show(report: dict[str, Any]) -> None:
    """The report for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in report.items():
        if key == "packages":
            for name, version in value.items():
                table.add_row(name, version)
        elif key != "problems":
            table.add_row(key.replace("_", " "), str(value))
    console.print(table)
    for row in report["problems"]:
        console.print(f"[red]{row['problem']}[/red]\n  {row['cure']}")
    if not report["problems"]:
        console.print("[green]No problems.[/green]")
