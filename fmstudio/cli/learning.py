"""fmstudio train, sample, measure: the same document and the same overrides, on the engine of the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fmstudio.cli.app import JsonOption, app, load, print_json, sentences
from fmstudio.document.endings import asked_for

if TYPE_CHECKING:
    from fmstudio.document.document import Document
    from fmstudio.engine.messages import LearnedModel

OPENING_DOCUMENT = "two-moons"

Doc = Annotated[
    str,
    typer.Argument(metavar="[DOC]", help="A gallery id or a .fmstudio file; the opening scene by default."),
]
Source = Annotated[
    str | None,
    typer.Option(metavar="S", help="A built-in name, or a file: .npy, .csv (points), .png (density)."),
]
Target = Annotated[
    str | None,
    typer.Option(metavar="T", help="A built-in name, or a file: .npy, .csv (points), .png (density)."),
]
PathKind = Annotated[
    str | None, typer.Option("--path", metavar="P", help="condot, fm-ot, vp, ve, cosine, ...")
]
CouplingKind = Annotated[
    str | None, typer.Option("--coupling", metavar="C", help="Of the ends, exact: independent, bridge, ...")
]
PairsKind = Annotated[
    str | None, typer.Option("--pairs", metavar="C", help="In training: independent, ot, ...")
]
Seed = Annotated[int | None, typer.Option(help="Of the training, the starting points and the noise.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="path.to.field=value", help="Any field of the document; may be repeated."),
]
Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--fresh",
        help="Go on from the checkpoint of a training that was killed, or not; by default if one is there.",
    ),
]


@dataclass(frozen=True)
class Asked:
    """The document of a command line with all that it overrides, and the models that came with it."""

    document: Document
    models: tuple[LearnedModel, ...]


def _asked(
    doc: str,
    source: str | None,
    target: str | None,
    path: str | None,
    coupling: str | None,
    pairs: str | None,
    seed: int | None,
    settings: list[str] | None,
    **more: Any,
) -> Asked:
    """``more``: what else ``Overrides`` takes, from a command's own options. Raises ValueError."""
    from fmstudio.document.overrides import Overrides

    document, models = load(doc or OPENING_DOCUMENT)
    overrides = Overrides(source, target, path, coupling, pairs, seed, settings or (), **more)
    asked = overrides.applied(document)
    ends = ((asked.target, document.target), (asked.source, document.source))
    _tell(*(spec for spec, before in ends if spec != before))
    return Asked(asked, models)


def _tell(*distributions: Any) -> None:
    """How files were read, and what became of formulas, on standard error."""
    from fmstudio.document.naming import called
    from fmstudio.document.sentences import MOST_OF_ALL, sentence

    for spec in distributions:
        if remarks := getattr(spec, "remarks", ""):
            typer.echo(sentence(f"{called(spec)}: {remarks}.", MOST_OF_ALL), err=True)


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
        asked = _asked(doc, source, target, path, coupling, pairs, seed, settings, fields=more)
        out = asked_for(out, (".fmstudio",))
        _require_suffix(out, ".fmstudio")
        _require_place(out)
        trained = train_and_save(out, asked.document, asked.models, resume)
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
    dynamics: Annotated[str | None, typer.Option(help="ode, sde, reverse-sde, langevin, ...")] = None,
    solver: Annotated[
        str | None, typer.Option(help="euler, midpoint, heun, rk4, euler-maruyama, ...")
    ] = None,
    steps: Annotated[int, typer.Option(help="Solver steps.")] = 100,
    sigma: Annotated[float | None, typer.Option(help="Noise of an SDE or of Langevin dynamics.")] = None,
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
        more = {"simulation.steps": steps}
        motion = {"dynamics": dynamics, "solver": solver, "sigma": sigma}
        asked = _asked(doc, source, target, path, coupling, pairs, seed, settings, fields=more, **motion)
        sampling = Sampling(asked.document, asked.models, field, n, start)
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
