"""What a guardrail's button does."""

from __future__ import annotations

from collections.abc import Callable

from fmstudio.document.specs.distribution import StandardNormalSpec
from fmstudio.document.specs.dynamics import substeps_of
from fmstudio.document.specs.path import VPSpec
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
    panes.set_everywhere(session, "simulation", "steps", 100, "Use 100 steps")


def _finer_langevin(session: Session) -> None:
    shown = panes.shown(session.store.document, "dynamics")
    now = max(substeps_of(spec) for spec in shown)
    panes.set_everywhere(session, "dynamics", "substeps", min(500, 5 * now), "Use more substeps")


def _vp_path(session: Session) -> None:
    panes.choose(session, "path", VPSpec(), "Choose path VP")


def _draw(session: Session) -> None:
    commands.start_drawing(session)
    session.tools.choose_mode(Mode.DRAW)


_ACTIONS: dict[Remedy, Callable[[Session], None]] = {
    Remedy.TRAIN: _train,
    Remedy.TRAIN_AND_SHOW: _train_and_show,
    Remedy.NORMAL_SOURCE: _normal_source,
    Remedy.SHOW_EXACT: _show_exact,
    Remedy.MORE_STEPS: _more_steps,
    Remedy.VP_PATH: _vp_path,
    Remedy.DRAW: _draw,
    Remedy.FINER_LANGEVIN: _finer_langevin,
}
