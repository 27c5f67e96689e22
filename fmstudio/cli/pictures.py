"""fmstudio render and still: a document as a video, or one moment of it as a picture."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fmstudio.cli.app import DocArgument, ThemeOption, app, parse_size, print_json, sentences
from fmstudio.cli.overriding import (
    CouplingKind,
    DynamicsKind,
    PairsKind,
    PathKind,
    Settings,
    Sigma,
    SolverName,
    Source,
    Target,
    asked,
)
from fmstudio.document.endings import asked_for

if TYPE_CHECKING:
    from fmstudio.export.film import Film, Shot

TrainingStep = Annotated[
    int | None,
    typer.Option("--step", min=0, help="What is learned as it was at this step of its training."),
]
Steps = Annotated[int | None, typer.Option("--steps", help="Solver steps.")]
MomentNumber = Annotated[
    int | None, typer.Option("--moment", min=1, help="Of a lesson: its moment of this number.")
]
USUAL_TIME = 0.75
"""Of a picture for which nobody says another: the shape is there, and the way to it is seen."""


@app.command()
def render(
    doc: DocArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The video: .mp4, .webm or .gif.")],
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "1280x720",
    fps: Annotated[float, typer.Option(min=1, max=240)] = 30,
    seconds: Annotated[float, typer.Option(min=0.05, max=3600)] = 4,
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 2)] = None,
    source: Source = None,
    target: Target = None,
    path: PathKind = None,
    coupling: CouplingKind = None,
    pairs: PairsKind = None,
    dynamics: DynamicsKind = None,
    solver: SolverName = None,
    steps: Steps = None,
    sigma: Sigma = None,
    step: TrainingStep = None,
    moment: MomentNumber = None,
    settings: Settings = None,
    along: Annotated[
        str, typer.Option(help="t, or training: from each step of it that was kept to the next.")
    ] = "t",
    at: Annotated[float, typer.Option("--at", min=0, max=1, help="The moment of --along training.")] = 1.0,
    theme: ThemeOption = "dark",
    json_progress: Annotated[bool, typer.Option("--json-progress", help="Progress as JSON lines.")] = False,
) -> None:
    """Render a document to a video, with or without a display."""
    from fmstudio.document.overrides import one_of
    from fmstudio.export.film import Along, Shot
    from fmstudio.export.formats import FORMATS, frame_rate

    out = asked_for(out, tuple(FORMATS))
    with sentences():
        width, height = parse_size(size)
        fps, slower = frame_rate(out, fps)
        shot = Shot(width, height, fps, seconds, Along(one_of(along, tuple(Along), "axis")), at)
        ends = {"source": source, "target": target, "path": path, "coupling": coupling, "pairs": pairs}
        motion = {"dynamics": dynamics, "solver": solver, "sigma": sigma, "steps": steps}
        film, _ = _film(doc, shot, theme, seed, settings, step, moment, **ends, **motion)
        with film:
            _make_video(film, shot, out, _Progress(json_progress), step is not None)
    if not json_progress:
        told = f"{out}: {shot.frames} frames of {width}x{height} at {fps:g} frames/s"
        typer.echo(f"{told}. {slower}" if slower else told, err=True)


@app.command()
def still(
    doc: DocArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture: .png.")],
    at: Annotated[
        float | None, typer.Option("--at", min=0, max=1, help="The time t: 0.75, or that of the moment.")
    ] = None,
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "1280x720",
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 2)] = None,
    source: Source = None,
    target: Target = None,
    path: PathKind = None,
    coupling: CouplingKind = None,
    pairs: PairsKind = None,
    dynamics: DynamicsKind = None,
    solver: SolverName = None,
    steps: Steps = None,
    sigma: Sigma = None,
    step: TrainingStep = None,
    moment: MomentNumber = None,
    settings: Settings = None,
    theme: ThemeOption = "dark",
    transparent: Annotated[bool, typer.Option("--transparent", help="No background.")] = False,
    bare: Annotated[bool, typer.Option("--bare", help="No words and no time bar.")] = False,
) -> None:
    """Draw one moment of a document, with or without a display."""
    from dataclasses import replace

    from fmstudio.export.film import Shot
    from fmstudio.export.images import write_png
    from fmstudio.render.vispy.offscreen import OffscreenRenderer

    out = asked_for(out, (".png",))
    with sentences():
        width, height = parse_size(size)
        ends = {"source": source, "target": target, "path": path, "coupling": coupling, "pairs": pairs}
        motion = {"dynamics": dynamics, "solver": solver, "sigma": sigma, "steps": steps}
        shot = Shot(width, height, 1, 1)
        film, t = _film(doc, shot, theme, seed, settings, step, moment, **ends, **motion)
        with film:
            film.prepare()
            if step is not None:
                film.require_steps()
            renderer = OffscreenRenderer(width, height, transparent=transparent)
            try:
                write_png(
                    out, renderer.draw(replace(film.scene_at(t if at is None else at), chrome=not bare))
                )
            finally:
                renderer.close()


def _film(
    doc: str,
    shot: Shot,
    theme: str,
    seed: int | None,
    settings: list[str] | None,
    step: int | None,
    moment: int | None,
    **options: Any,
) -> tuple[Film, float]:
    """The film of a document, or of a moment of its lesson, with all that a command line changes of it; and
    the time of its picture. Raises ValueError with a sentence for what cannot be."""
    from fmstudio.export.film import Film, with_seed
    from fmstudio.render.palette import PALETTES

    if theme not in PALETTES:
        raise ValueError(f"Unknown theme '{theme}': it takes dark or light.")
    found = asked(doc, settings, moment=moment, fields={"view.training_step": step}, **options)
    document = found.document if seed is None else with_seed(found.document, seed)
    t = USUAL_TIME if found.t is None else found.t
    return Film(document, found.models, PALETTES[theme], shot), t


def _make_video(film: Film, shot: Shot, out: Path, progress: _Progress, of_step: bool) -> None:
    from fmstudio.export.frames import frames
    from fmstudio.export.video import check_writable, write_video
    from fmstudio.render.vispy.offscreen import OffscreenRenderer

    check_writable(out)
    film.prepare(progress.stage)
    if of_step:
        film.require_steps()
    renderer = OffscreenRenderer(shot.width, shot.height)
    try:
        for done in write_video(out, frames(film.scenes(), renderer), (shot.width, shot.height), shot.fps):
            progress.frame(done, shot.frames)
    finally:
        renderer.close()
        progress.close()


class _Progress:
    """One line on standard error for people, JSON lines on standard output for programs.

    A request to end (SIGTERM) is heeded at the next news, like an error: what is half-way is cleared.
    """

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._started = 0.0
        self._last = 0.0
        self._people = sys.stderr.isatty() and not as_json
        self._ending = False
        self._before = signal.signal(signal.SIGTERM, self._on_terminate)

    def _on_terminate(self, _signal: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _end_if_asked(self) -> None:
        if self._ending:
            raise typer.Exit(128 + signal.SIGTERM)

    def stage(self, name: str, share: float) -> None:
        self._end_if_asked()
        if self._people and self._due():
            typer.echo(f"\r{name} {100 * share:3.0f} %  ", nl=False, err=True)

    def frame(self, done: int, frames: int) -> None:
        self._end_if_asked()
        self._started = self._started or time.monotonic()
        if not self._due() and done < frames:
            return
        seconds = time.monotonic() - self._started
        if self._json:
            print_json({"frame": done, "frames": frames, "seconds": round(seconds, 3)})
            sys.stdout.flush()
        elif self._people:
            left = seconds / max(done, 1) * (frames - done)
            typer.echo(f"\rframe {done}/{frames}, {left:.0f} s left   ", nl=False, err=True)

    def close(self) -> None:
        signal.signal(signal.SIGTERM, self._before)
        if self._people:
            typer.echo("", err=True)

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._last < 0.1:
            return False
        self._last = now
        return True
