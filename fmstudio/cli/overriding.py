"""What a command line changes of its document: the same options for all commands, read in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fmstudio.cli.app import load

if TYPE_CHECKING:
    from fmstudio.document.document import Document
    from fmstudio.engine.messages import LearnedModel

OPENING_DOCUMENT = "two-moons"

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
DynamicsKind = Annotated[str | None, typer.Option("--dynamics", help="ode, sde, reverse-sde, langevin, ...")]
SolverName = Annotated[
    str | None, typer.Option("--solver", help="euler, midpoint, heun, rk4, euler-maruyama, ...")
]
Sigma = Annotated[float | None, typer.Option("--sigma", help="Noise of an SDE or of Langevin dynamics.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="path.to.field=value", help="Any field of the document; may be repeated."),
]


@dataclass(frozen=True)
class Asked:
    """The document of a command line with all that it overrides, and the models that came with it."""

    document: Document
    models: tuple[LearnedModel, ...]
    t: float | None = None
    """of the moment that was asked for"""


def asked(doc: str, settings: list[str] | None, **options: Any) -> Asked:
    """``options`` are what ``Overrides`` takes, and ``moment``: its number, from 1, in the lesson. Panes that
    it made alike are one, and a heading that it made false goes. How files were read, and what became of
    formulas, is told on standard error. Raises ValueError with one sentence."""
    from fmstudio.document.overrides import Overrides
    from fmstudio.studio.headings import kept_true

    document, models = load(doc or OPENING_DOCUMENT)
    moment = options.pop("moment", None)
    document, t = (document, None) if moment is None else _moment(document, moment, doc)
    changed = kept_true(document, Overrides(settings=settings or (), **options).applied(document))
    ends = ((changed.target, document.target), (changed.source, document.source))
    _tell(*(spec for spec, before in ends if spec != before))
    return Asked(changed, models, t)


def _moment(document: Document, number: int, doc: str) -> tuple[Document, float]:
    """What that moment of the lesson shows, and when. Raises ValueError."""
    from fmstudio.document.lesson import at_moment

    count = len(document.lesson)
    if not count:
        raise ValueError(f"{doc} has no lesson, so it has no moment {number}.")
    if number > count:
        raise ValueError(f"The lesson of {doc} has {count} moments, so there is no moment {number}.")
    return at_moment(document, number - 1), document.lesson[number - 1].t


def _tell(*distributions: Any) -> None:
    from fmstudio.document.naming import called
    from fmstudio.document.sentences import MOST_OF_ALL, sentence

    for spec in distributions:
        if remarks := getattr(spec, "remarks", ""):
            typer.echo(sentence(f"{called(spec)}: {remarks}.", MOST_OF_ALL), err=True)
