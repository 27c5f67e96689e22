"""What the shell's options change of a document: one place for train, sample, render and still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.editing import SettingError, with_field, with_text
from fmstudio.document.imports import SUFFIXES, VECTOR_SUFFIX, import_target
from fmstudio.document.specs.coupling import JOININGS
from fmstudio.document.specs.distribution import BUILT_IN_KINDS, built_in
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS
from fmstudio.document.specs.path import PATHS
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import Coupling

PATH_KINDS: tuple[str, ...] = tuple(path.model_fields["kind"].default for path in PATHS)
DYNAMICS_KINDS: tuple[str, ...] = tuple(
    str(motion.model_fields["kind"].default) for motion in (*DYNAMICS, *MORE_DYNAMICS)
)
MOVING_KINDS: tuple[str, ...] = tuple(
    motion.model_fields["kind"].default for motion in (*DYNAMICS, *MORE_DYNAMICS) if motion.by_equation
)
"""Dynamics that move particles from where they start."""


@dataclass(frozen=True)
class Overrides:
    """None leaves what the document says; ``fields`` are other options by the name of their field;
    ``settings`` are 'path.to.field=value', applied last, after every option that has a name of its own."""

    source: str | None = None
    target: str | None = None
    path: str | None = None
    coupling: str | None = None
    """of the ends"""
    pairs: str | None = None
    """in training"""
    seed: int | None = None
    settings: Sequence[str] = ()
    dynamics: str | None = None
    solver: str | None = None
    sigma: float | None = None
    steps: int | None = None
    """of the solver"""
    fields: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, document: Document) -> Document:
        """The document with these changes, in every pane. Raises ValueError with one sentence."""
        if self.target is not None:
            beside = document.source if self.source is None else None
            spec = named_distribution(self.target, "target", beside)
            document = _everywhere(document, "target", spec)
        if self.source is not None:
            spec = named_distribution(self.source, "source", document.target)
            document = _everywhere(document, "source", spec)
        if self.path is not None:
            document = _everywhere(document, "path", _path(self.path))
        if self.coupling is not None:
            document = _everywhere(document, "coupling", _joining(self.coupling))
        if self.pairs is not None:
            choice = one_of(self.pairs, tuple(Coupling), "pairs")
            document = with_field(document, "training.coupling", choice)
        if self.seed is not None:
            document = _with_seed(document, self.seed)
        document = self._moved(document)
        for name, value in self.fields.items():
            if value is not None:
                document = with_field(document, name, value)
        for setting in self.settings:
            document = with_text(document, setting)
        return document

    def _moved(self, document: Document) -> Document:
        """With other dynamics, which panes that had their own follow, and another number of steps."""
        kind = self.dynamics
        if self.steps is not None:
            document = _with_steps(document, self.steps)
        if kind is None and self.solver is None and self.sigma is None:
            return document
        document = _following(document, "dynamics", document.dynamics)
        if kind is not None and one_of(kind, DYNAMICS_KINDS, "dynamics") != document.dynamics.kind:
            document = with_field(document, "dynamics.kind", kind)
        if self.solver is not None:
            document = with_field(document, "dynamics.solver", self.solver)
        if self.sigma is not None:
            if "sigma" not in type(document.dynamics).model_fields:
                raise SettingError(
                    f"sigma = {self.sigma:g} means nothing to {document.dynamics.kind} dynamics: "
                    "take sde or langevin."
                )
            document = with_field(document, "dynamics.sigma", self.sigma)
        return document


def named_distribution(name: str, part: str = "target", other: Any = None) -> Any:
    """The built-in distribution of that name, or the one in a file. Raises ValueError with one sentence.

    ``other`` stands at the other end: a file of points is read in its units, where that can be.
    """
    if name in BUILT_IN_KINDS:
        return built_in(name)
    path = Path(name).expanduser()
    suffix = path.suffix.lower()
    if suffix in (*SUFFIXES, VECTOR_SUFFIX):
        return import_target(path, other)
    near = get_close_matches(name, BUILT_IN_KINDS, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"built in are {', '.join(BUILT_IN_KINDS)}."
    raise SettingError(f"{part} '{name}' is neither built in nor a file (.npy, .csv or .png); {hint}")


def one_of(value: str, choices: Sequence[str], argument: str) -> str:
    """``value``, or ValueError: what it takes, and the nearest."""
    if value in choices:
        return value
    near = get_close_matches(value, choices, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(choices)}."
    raise SettingError(f"There is no {argument} '{value}'; {hint}")


def _path(kind: str) -> Spec:
    chosen = one_of(kind, PATH_KINDS, "path")
    return next(path for path in PATHS if path.model_fields["kind"].default == chosen)()


def _joining(kind: str) -> Spec:
    kinds = {str(spec.model_fields["kind"].default): spec for spec in JOININGS}
    return kinds[one_of(kind, tuple(kinds), "coupling")]()


def _everywhere(document: Document, part: str, spec: Any) -> Document:
    """The document with another source, target or path; panes that had their own follow it."""
    changed = _following(document, part, spec)
    return changed.model_copy(update={"view": changed.view.model_copy(update={"camera": None})})


def _following(document: Document, part: str, spec: Any) -> Document:
    """The same, seen from where somebody looked."""
    return document.with_panes(lambda pane: pane.model_copy(update={part: None}), **{part: spec})


def _with_steps(document: Document, steps: int) -> Document:
    """So many in every pane."""
    document = with_field(document, "simulation.steps", steps)
    return document.everywhere("simulation", lambda own: own.model_copy(update={"steps": steps}))


def _with_seed(document: Document, seed: int) -> Document:
    """Training, starting points and noise from one number."""
    for name, value in (
        ("training.seed", seed),
        ("simulation.start_seed", seed),
        ("simulation.noise_seed", seed + 1),
    ):
        document = with_field(document, name, value)
    return document
