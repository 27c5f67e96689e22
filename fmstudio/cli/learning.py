"""fmstudio train, sample, measure: the same document and the same overrides, on the engine of the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fmstudio.cli.app import JsonOption, app, print_json, sentences
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

Doc = Annotated[
    str,
    typer.Argument(metavar="[DOC]", help="A gallery id or a .fmstudio file; the opening scene by default."),
]
Seed = Annotated[int | None, typer.Option(help="Of the training, the starting points and the noise.")]
Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--fresh",
        help="Go on from the checkpoint of a training that was killed, or not; by default if one is there.",
    ),
]


@app.command()
def train(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.fmstudio", help="Document and model.")],
    doc: Doc = "",
    source: Source = None,
    target: Target = None,
    path: PathKind = None,
    coupling: CouplingKind = None,
    pairs: PairsKind = None,
    seed: Seed = None,
    settings: Settings = None,
    objective: Annotated[str | None, typer.Option(help="cfm, dsm, exact, cnf-ml, ...")] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    resume: Resume = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model and save it with its document. Ctrl-C ends early and keeps what was learned.

    A training that is killed leaves OUT.checkpoint.fmstudio behind: the same command goes on from there.
    """
    from fmstudio.cli.training import train_and_save
    from fmstudio.document.overrides import one_of
    from fmstudio.document.specs.training import MODEL_OBJECTIVES

    with sentences():
        if objective is not None:
            objective = one_of(objective, MODEL_OBJECTIVES, "objective")
        more = {"training.objective": objective, "training.steps": steps, "training.device": device}
        ends = {"source": source, "target": target, "path": path, "coupling": coupling, "pairs": pairs}
        found = asked(doc, settings, seed=seed, fields=more, **ends)
        out = asked_for(out, (".fmstudio",))
        _require_suffix(out, ".fmstudio")
        _require_place(out)
        trained = train_and_save(out, found.document, found.models, resume)
    if as_json:
        print_json(trained.report)
    else:
        floor = trained.report["loss_floor"]
        beside = "" if floor is None else f", floor {floor:.4g}"
        typer.echo(
            f"{out}: {trained.report['steps']} steps in {trained.report['seconds']:.1f} s "
            f"({trained.report['steps_per_second']:.0f} steps/s on {trained.report['device']}), "
            f"loss {trained.report['final_loss']:.4g}{beside}",
            err=True,
        )
    if trained.asked_to_end is not None:
        raise typer.Exit(128 + trained.asked_to_end)


@app.command()
def sample(
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT.npz", help="Arrays x, t and what is asked.")
    ],
    doc: Doc = "",
    source: Source = None,
    target: Target = None,
    path: PathKind = None,
    coupling: CouplingKind = None,
    pairs: PairsKind = None,
    seed: Seed = None,
    settings: Settings = None,
    n: Annotated[int, typer.Option("-n", help="How many particles, at least 2.")] = 10_000,
    field: Annotated[
        str | None, typer.Option(help="exact or learned; by default learned if DOC holds it.")
    ] = None,
    dynamics: DynamicsKind = None,
    solver: SolverName = None,
    steps: Annotated[int, typer.Option(help="Solver steps.")] = 100,
    sigma: Sigma = None,
    start: Annotated[
        Path | None, typer.Option(metavar="POINTS.npy", help="Where to start, instead of n source draws.")
    ] = None,
    trajectories: Annotated[bool, typer.Option("--trajectories", help="Keep every state.")] = False,
    log_density: Annotated[bool, typer.Option("--log-density", help="log p of each sample.")] = False,
) -> None:
    """Simulate particles and save them as numpy arrays."""
    from fmstudio.cli.sampling import Sampling

    with sentences():
        out = asked_for(out, (".npz",))
        _require_suffix(out, ".npz")
        _require_place(out)
        ends = {"source": source, "target": target, "path": path, "coupling": coupling, "pairs": pairs}
        motion = {"dynamics": dynamics, "solver": solver, "sigma": sigma, "steps": steps}
        found = asked(doc, settings, seed=seed, **ends, **motion)
        sampling = Sampling(found.document, found.models, field, n, start)
        arrays = sampling.run(keep=trajectories, log_density=log_density)
        _save_arrays(out, arrays)
    if sampling.note:
        typer.echo(sampling.note, err=True)
    typer.echo(f"{out}: " + ", ".join(f"{name} {value.shape}" for name, value in arrays.items()), err=True)


@app.command()
def measure(
    samples: Annotated[Path, typer.Argument(metavar="SAMPLES.npz", help="What 'fmstudio sample' wrote.")],
    target: Annotated[str, typer.Option(metavar="T", help="A built-in name or a file of points.")],
    source: Source = None,
    seed: Annotated[int, typer.Option(help="Of the target's draws.")] = 0,
    points: Annotated[int, typer.Option(help="Use at most so many samples for W2.")] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """W2 with its sampling floor, sliced W2, MMD, energy distance; NPE where trajectories are there."""
    from fmstudio.cli.measuring import measured

    with sentences():
        figures = measured(samples, target, source, seed, points)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        typer.echo(f"{name:18} {'-' if value is None else format(value, '.6g')}")


def _require_suffix(out: Path, suffix: str) -> None:
    if out.suffix.lower() != suffix:
        raise ValueError(f"'{out}' must end in {suffix}, for example {out.stem or 'out'}{suffix}.")


def _require_place(out: Path) -> None:
    """Fails before anything long is computed."""
    from fmstudio.export.places import check_place

    check_place(out)


def _save_arrays(out: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    from fmstudio.document.atomic import explain_os_error, replacing
    from fmstudio.export.errors import ExportError

    try:
        with replacing(out) as stream:
            np.savez(stream, **arrays)
    except OSError as error:
        raise ExportError(explain_os_error(error, out)) from error
