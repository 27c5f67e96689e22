"""What the actions of comparisons and panes do. Thin, as gui.handlers."""

from __future__ import annotations

from PySide6.QtCore import QObject

from fmstudio.studio import commands, comparisons
from fmstudio.studio.session import Session


class PaneHandlers(QObject):
    """One method an action (see gui.actions.ACTIONS)."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session

    def on_one_pane(self) -> None:
        commands.first_pane_alone(self._session)

    def on_add_pane(self) -> None:
        comparisons.add_pane(self._session)

    def on_remove_pane(self) -> None:
        """The last, which is the one that was added."""
        comparisons.remove_pane(self._session, len(self._session.store.document.view.panes) - 1)

    def on_training_steps(self) -> None:
        commands.compare_training_steps(self._session)

    def on_exact_learned(self) -> None:
        self._compare("exact-learned")

    def on_motions(self) -> None:
        self._compare("motions")

    def on_solvers(self) -> None:
        self._compare("solvers")

    def on_steps(self) -> None:
        self._compare("steps")

    def on_sigmas(self) -> None:
        self._compare("sigmas")

    def on_paths(self) -> None:
        self._compare("paths")

    def on_couplings(self) -> None:
        self._compare("couplings")

    def on_sources(self) -> None:
        self._compare("sources")

    def on_targets(self) -> None:
        self._compare("targets")

    def on_objectives(self) -> None:
        self._compare("objectives")

    def _compare(self, comparison: str) -> None:
        comparisons.compare(self._session, comparisons.named(comparison))
