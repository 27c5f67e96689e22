"""fmstudio verify: the laws behind the gallery, measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from fmstudio.cli.app import JsonOption, app, print_json, sentences

if TYPE_CHECKING:
    from fmstudio.verify import Row


@app.command()
def verify(
    entries: Annotated[
        list[str] | None, typer.Argument(metavar="[ID ...]", help="Gallery ids; all by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the laws of the gallery's systems; exit code 1 if one fails."""
    from fmstudio.engine.worker.task_runner import prepare_torch
    from fmstudio.verify import run

    with sentences():
        rows = run(entries or ())
    prepare_torch()
    done = list(rows) if as_json else _watched(rows)
    passed = all(row.passed for row in done)
    if as_json:
        report = {"rows": [row.as_dict() for row in done], "passed": passed}
        print_json(report, indent=2)
    else:
        _show(done)
    raise typer.Exit(0 if passed else 1)


def _watched(rows: Iterator[Row]) -> list[Row]:
    """All rows; meanwhile the terminal tells which entry was measured last."""
    from rich.console import Console

    done = []
    with Console(stderr=True).status("measuring") as status:
        for row in rows:
            done.append(row)
            status.update(f"{len(done)} laws measured, the last of {row.id}")
    return done


def _show(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table("id", box=None, pad_edge=False)
    table.add_column("law", ratio=1)
    for heading in ("measured", "limit", "", "s"):
        table.add_column(heading, no_wrap=True)
    entry = ""
    for row in rows:
        mark = "[green]holds[/green]" if row.passed else "[red]FAILS[/red]"
        name, entry = ("" if row.id == entry else row.id), row.id
        figures = (f"{row.measured:.3g}", f"{row.limit:.3g}", mark, f"{row.seconds:.1f}")
        table.add_row(name, f"{row.law} [dim]({row.origin})[/dim]", *figures)
    console.print(table)
    failed = sum(not row.passed for row in rows)
    verdict = f"{failed} failed" if failed else "all passed"
    console.print(f"{len(rows)} laws in {sum(row.seconds for row in rows):.0f} s: {verdict}")
