"""fmstudio [DOC]: the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmstudio.cli.app import app, fail, load, parse_size, sentences


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
    from fmstudio.engine.client import ProcessEngine
    from fmstudio.startup import IMPORTED_AT, display_problem, process_start, raise_file_limit

    problem = display_problem()
    if problem:
        fail(problem, 1)
    if theme not in ("", "dark", "light", "system"):
        fail(f"Unknown theme '{theme}': it takes dark, light or system.", 2)
    raise_file_limit()
    engine = ProcessEngine()
    try:
        with sentences():
            document, models = load(doc) if doc else load("two-moons")
            pixels = parse_size(size) if size else None
        from fmstudio.gui.app import Opening, run
        from fmstudio.studio.opening import file_named

        opening = Opening(document, models, file_named(doc) if doc else None)
        opening = opening.with_options(
            theme, pixels, screenshot, after, train, process_start() or IMPORTED_AT
        )
        code = run(engine, opening)
    finally:
        engine.close()
    raise typer.Exit(code)
