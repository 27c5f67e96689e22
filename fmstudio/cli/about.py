"""fmstudio gallery, doctor, bench: what there is, what is wrong, how fast it is."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from fmstudio.cli.app import JsonOption, app, sentences


@app.command()
def gallery(as_json: JsonOption = False) -> None:
    """List the built-in documents."""
    from fmstudio.document.gallery import ENTRIES
    from fmstudio.document.references import in_words

    if as_json:
        rows = [
            {"id": e.id, "title": e.title, "source": in_words(e.sources), "equations": e.equations}
            for e in ENTRIES
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "title", "source", "equations", box=None, pad_edge=False)
    for entry in ENTRIES:
        table.add_row(entry.id, entry.title, in_words(entry.sources), entry.equations)
    Console().print(table)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Versions, GL renderer, device, engine start time, and problems with their cure."""
    from fmstudio.doctor import examine, show

    report = examine()
    typer.echo(json.dumps(report, indent=2)) if as_json else show(report)
    raise typer.Exit(1 if report["problems"] else 0)


@app.command()
def bench(
    what: Annotated[
        str,
        typer.Argument(
            help="all, start, training, drawn, particles, export; engine and quality take minutes."
        ),
    ] = "all",
    as_json: JsonOption = False,
) -> None:
    """Measure fmstudio beside its peers, in one run."""
    from fmstudio.bench import Row, run, show

    def told(row: Row) -> None:
        typer.echo(f"{row.name}: {row.ours:.4g} {row.unit}", err=True)

    with sentences():
        rows = run(what, told)
    typer.echo(json.dumps(rows, indent=2)) if as_json else show(rows)
