"""What a guardrail's button does."""

from __future__ import annotations

from collections.abc import Callable

from fmstudio.document.specs.distribution import StandardNormalSpec
from fmstudio.document.specs.dynamics import LangevinSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.studio import commands, panes
from fmstudio.studio.guardrails import Remedy
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode


def apply(session: Session, remedy: Remedy) -> None:
    """Mend what the guardrail named. Raises KeyError for a remedy without an action."""
    _ACTIONS[remedy](session)


def _train(session: Session) -> None:
    session.train()


def _train_and_show(session: Session) -> None:
    commands.single_pane(session, FieldChoice.LEARNED)
    session.train()


def _normal_source(session: Session) -> None:
    commands.choose_source(session, StandardNormalSpec())


def _show_exact(session: Session) -> None:
    commands.single_pane(session, FieldChoice.EXACT)


def _more_steps(session: Session) -> None:
    commands.set_field(session, "simulation.steps", 100, "Use 100 steps")


def _finer_langevin(session: Session) -> None:
    shown = panes.shown(session.store.document, "dynamics")
    now = max(spec.substeps for spec in shown if isinstance(spec, LangevinSpec))
    panes.set_everywhere(session, "dynamics", "substeps", min(500, 5 * now), "Use more substeps")


def _draw(session: Session) -> None:
    commands.start_drawing(session)
    session.tools.choose_mode(Mode.DRAW)


_ACTIONS: dict[Remedy, Callable[[Session], None]] = {
    Remedy.TRAIN: _train,
    Remedy.TRAIN_AND_SHOW: _train_and_show,
    Remedy.NORMAL_SOURCE: _normal_source,
    Remedy.SHOW_EXACT: _show_exact,
    Remedy.MORE_STEPS: _more_steps,
    Remedy.DRAW: _draw,
    Remedy.FINER_LANGEVIN: _finer_langevin,
}
