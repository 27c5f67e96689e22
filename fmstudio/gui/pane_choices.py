"""What one pane may do otherwise than others: a menu of all that can be compared. GUI thread."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from fmstudio.studio import comparisons
from fmstudio.studio.session import Session


class PaneChoices(QMenu):
    """A submenu a comparison, made when it opens: what is offered depends on the document."""

    def __init__(self, session: Session, pane: int, within: QMenu) -> None:
        super().__init__("Change this pane alone", within)
        self._session, self._pane = session, pane
        within.addMenu(self)
        self.aboutToShow.connect(self._on_menu_opening)
        self.triggered.connect(self._on_menu_triggered)

    def _on_menu_opening(self) -> None:
        self.clear()
        document = self._session.store.document
        for comparison in comparisons.COMPARISONS:
            offered = self.addMenu(comparison.title)
            for choice in comparison.choices(document):
                offered.addAction(choice.title).setData(choice)

    def _on_menu_triggered(self, action: QAction) -> None:
        comparisons.change_pane(self._session, self._pane, action.data())
