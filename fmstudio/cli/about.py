"""fmstudio gallery, doctor, bench: what there is, what is wrong, how fast it is."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from fmstudio.cli.app import JsonOption, app, fail, print_json, sentences


@app.command()
def gallery(as_json: JsonOption = False) -> None:
    """List the built-in documents."""
    from fmstudio.document.gallery import ENTRIES, GROUPS, LESSONS
    from fmstudio.document.references import in_words

    if as_json:
        rows = [
            {
                "id": e.id,
                "group": e.group,
                "title": e.title,
                "source": in_words(e.sources),
                "equations": e.equations,
            }
            for e in ENTRIES
        ]
        print_json(rows, indent=2)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "title", "source", "equations", box=None, pad_edge=False)
    for group in GROUPS:
        table.add_section()
        for entry in ENTRIES:
            if entry.group == group:
                title = f"{entry.title} (lesson)" if group == LESSONS else entry.title
                table.add_row(entry.id, title, in_words(entry.sources), escape(entry.equations))
    Console().print(table)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Versions, GL renderer, device, engine start time, and problems with their cure."""
    from fmstudio.doctor import examine, show

    report = examine()
    print_json(report, indent=2) if as_json else show(report)
    raise typer.Exit(1 if report["problems"] else 0)


@app.command()
def bench(
    what: Annotated[
        str,
        typer.Argument(
            help="all, start, training, drawn, particles, export; ends, engine and quality take minutes; "
            "monkey drives the window at random and compares every label with what runs."
        ),
    ] = "all",
    as_json: JsonOption = False,
    seed: Annotated[int, typer.Option(help="Of monkey: what it does follows from this number.")] = 0,
    seconds: Annotated[float, typer.Option(min=1.0, help="Of monkey: how long it walks.")] = 60.0,
    verbose: Annotated[bool, typer.Option("--verbose", help="Of monkey: tell each act.")] = False,
) -> None:
    """Measure fmstudio beside its peers, in one run."""
    if what == "monkey":
        _monkey(seed, seconds, as_json, verbose)
    from fmstudio.bench import Row, run, show

    def told(row: Row) -> None:
        typer.echo(f"{row.name}: {row.ours:.4g} {row.unit}", err=True)

    with sentences():
        rows = run(what, told)
    print_json(rows, indent=2) if as_json else show(rows)


def _monkey(seed: int, seconds: float, as_json: bool, verbose: bool) -> NoReturn:
    """Exit code 1 for any traceback, fault or leak."""
    from fmstudio.startup import display_problem

    problem = display_problem()
    if problem:
        fail(f"The monkey needs a window. {problem}", 1)
    from fmstudio.bench.monkey import show
    from fmstudio.bench.monkey.walk import run

    report = run(seed, seconds, verbose)
    print_json(report.as_dict(), indent=2) if as_json else show(report)
    raise typer.Exit(0 if report.is_clean else 1)
