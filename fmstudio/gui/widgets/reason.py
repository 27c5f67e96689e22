"""Why a control does nothing: one quiet sentence, and the control dimmed. GUI thread."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget


class Reason(QLabel):
    """Dims its controls while there is a reason to; takes no room while there is none."""

    def __init__(self, *controls: QWidget) -> None:
        super().__init__()
        self._controls = controls
        self.setProperty("role", "small")
        self.setWordWrap(True)
        self.hide()

    def explain(self, sentence: str) -> None:
        """'' : the controls act."""
        for control in self._controls:
            control.setEnabled(not sentence)
            control.setAccessibleDescription(sentence)
        self.setText(sentence)
        self.setVisible(bool(sentence))
