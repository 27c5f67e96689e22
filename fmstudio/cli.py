"""The shell: fmstudio [DOC] | gallery | render | doctor | bench.

Exit codes: 0 done, 1 failure, 2 bad input; errors are one sentence on standard error.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from fmstudio import __version__

if TYPE_CHECKING:
    from fmstudio.document.document import Document
    from fmstudio.engine.messages import LearnedModel
    from fmstudio.export.film import Film, Shot

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A studio for flow matching and diffusion in two dimensions. 'fmstudio [DOC]' opens the window.",
)

DocArgument = Annotated[str, typer.Argument(metavar="DOC", help="A gallery id or a .fmstudio file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ThemeOption = Annotated[str, typer.Option("--theme", help="dark or light.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fmstudio {__version__}")
        raise typer.Exit


@app.callback()
def shell(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before any command."""


def fail(sentence: str, code: int) -> NoReturn:
    """One sentence on standard error, then leave: code 2 for bad input, 1 for failure."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the known errors into their sentence and exit code."""
    from fmstudio.export.errors import ExportError

    try:
        yield
    except ExportError as error:
        fail(str(error), 1)
    except MemoryError as error:
        fail(str(error) or "Out of memory: use fewer particles or steps.", 1)
    except ValueError as error:
        fail(str(error), 2)


def load(doc: str) -> tuple[Document, tuple[LearnedModel, ...]]:
    """The document of a gallery id or a file, with its models. Raises ValueError with a sentence."""
    from fmstudio.studio.opening import open_document

    return open_document(doc)


@app.command("open", hidden=True)
def open_window(
    doc: Annotated[str, typer.Argument(metavar="[DOC]", help="A gallery id or a .fmstudio file.")] = "",
    screenshot: Annotated[Path | None, typer.Option(help="Save the window's picture there and exit.")] = None,
    after: Annotated[float, typer.Option(help="Seconds to wait after the results are complete.")] = 0.0,
    theme: Annotated[str, typer.Option(help="dark, light or system.")] = "",
    size: Annotated[str, typer.Option(help="Width x height of the window.")] = "",
    train: Annotated[bool, typer.Option("--train", help="Start training at once.")] = False,
) -> None:
    """Open the window (the default)."""
    from fmstudio.__main__ import IMPORTED_AT
    from fmstudio.engine.client import ProcessEngine
    from fmstudio.startup import display_problem, process_start

    problem = display_problem()
    if problem:
        fail(problem, 1)
    if theme not in ("", "dark", "light", "system"):
        fail(f"Unknown theme '{theme}': it takes dark, light or system.", 2)
    engine = ProcessEngine()
    try:
        with sentences():
            document, models = load(doc) if doc else load("two-moons")
            pixels = parse_size(size) if size else None
        from fmstudio.gui.app import Opening, run

        opening = Opening(document, models, Path(doc) if doc.endswith(".fmstudio") else None)
        opening = opening.with_options(theme, pixels, screenshot, after, train, process_start() or IMPORTED_AT)
        code = run(engine, opening)
    finally:
        engine.close()
    raise typer.Exit(code)


@app.command()
def gallery(as_json: JsonOption = False) -> None:
    """List the built-in documents."""
    from fmstudio.document.gallery import ENTRIES

    if as_json:
        rows = [{"id": e.id, "title": e.title, "source": e.source, "equations": e.equations} for e in ENTRIES]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "title", "source", "equations", box=None, pad_edge=False)
    for entry in ENTRIES:
        table.add_row(entry.id, entry.title, entry.source, entry.equations)
    Console().print(table)


def parse_size(text: str) -> tuple[int, int]:
    """'1280x720' -> (1280, 720). Raises ValueError."""
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) == 2 and all(part.strip().isdigit() for part in parts):
        width, height = (int(part) for part in parts)
        if 16 <= width <= 8192 and 16 <= height <= 8192:
            return width, height
    raise ValueError(f"Size '{text}' is not WIDTHxHEIGHT with 16 to 8192 pixels each, for example 1280x720.")


@app.command()
def render(
    doc: DocArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The video: .mp4, .webm or .gif.")],
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "1280x720",
    fps: Annotated[float, typer.Option(min=1, max=240)] = 30,
    seconds: Annotated[float, typer.Option(min=0.05, max=3600)] = 4,
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 2)] = None,
    theme: ThemeOption = "dark",
    json_progress: Annotated[bool, typer.Option("--json-progress", help="Progress as JSON lines.")] = False,
) -> None:
    """Render a document to a video, with or without a display."""
    from fmstudio.export.film import Film, Shot, with_seed
    from fmstudio.render.palette import PALETTES

    with sentences():
        width, height = parse_size(size)
        if theme not in PALETTES:
            raise ValueError(f"Unknown theme '{theme}': it takes dark or light.")
        document, models = load(doc)
        if seed is not None:
            document = with_seed(document, seed)
        shot = Shot(width, height, fps, seconds)
        with Film(document, models, PALETTES[theme], shot) as film:
            _make_video(film, shot, out, _Progress(json_progress))
    if not json_progress:
        typer.echo(f"{out}: {shot.frames} frames of {width}x{height} at {fps:g} frames/s", err=True)


def _make_video(film: Film, shot: Shot, out: Path, progress: _Progress) -> None:
    from fmstudio.export.frames import frames
    from fmstudio.export.video import check_writable, write_video
    from fmstudio.render.vispy.offscreen import OffscreenRenderer

    check_writable(out)
    film.prepare(progress.stage)
    renderer = OffscreenRenderer(shot.width, shot.height)
    try:
        for done in write_video(out, frames(film.scenes(), renderer), (shot.width, shot.height), shot.fps):
            progress.frame(done, shot.frames)
    finally:
        renderer.close()
        progress.close()


class _Progress:
    """One line on standard error for people, JSON lines on standard output for programs."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._started = 0.0
        self._last = 0.0
        self._people = sys.stderr.isatty() and not as_json

    def stage(self, name: str, share: float) -> None:
        if self._people and self._due():
            typer.echo(f"\r{name} {100 * share:3.0f} %  ", nl=False, err=True)

    def frame(self, done: int, frames: int) -> None:
        self._started = self._started or time.monotonic()
        if not self._due() and done < frames:
            return
        seconds = time.monotonic() - self._started
        if self._json:
            typer.echo(json.dumps({"frame": done, "frames": frames, "seconds": round(seconds, 3)}))
            sys.stdout.flush()
        elif self._people:
            left = seconds / max(done, 1) * (frames - done)
            typer.echo(f"\rframe {done}/{frames}, {left:.0f} s left   ", nl=False, err=True)

    def close(self) -> None:
        if self._people:
            typer.echo("", err=True)

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._last < 0.1:
            return False
        self._last = now
        return True


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Versions, GL renderer, device, engine start time, and problems with their cure."""
    from fmstudio.doctor import examine, show

    report = examine()
    typer.echo(json.dumps(report, indent=2)) if as_json else show(report)
    raise typer.Exit(1 if report["problems"] else 0)


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="all, start, particles, training, drawn or export.")] = "all",
    as_json: JsonOption = False,
) -> None:
    """Measure fmstudio beside its peers, in one run."""
    from fmstudio.bench import run, show

    with sentences():
        rows = run(what)
    typer.echo(json.dumps(rows, indent=2)) if as_json else show(rows)


COMMANDS = frozenset(
    {info.name or (info.callback.__name__ if info.callback else "") for info in app.registered_commands}
)
