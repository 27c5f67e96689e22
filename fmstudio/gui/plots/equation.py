"""The equation that moves the particles, where it is from, and what to look for. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.references import in_words
from fmstudio.engine.messages import ProbeRequest
from fmstudio.gui.bind import Notify, watch
from fmstudio.gui.dialogs.reference_dialog import links, show_reference
from fmstudio.gui.markup import caption_markup
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme, symbol_font
from fmstudio.render.palette import Palette
from fmstudio.studio.equations import Equation, equations_of
from fmstudio.studio.filled import filled
from fmstudio.studio.session import Session

Equations = tuple[Equation, ...]
"""Of one pane."""
LARGEST, SMALLEST = 16, 11
_PAD = 12


class EquationLabel(QLabel):
    """One equation on one line: as large as the column allows."""

    def __init__(self, equation: Equation) -> None:
        super().__init__(equation.markup)
        self._markup = equation.markup
        self.setProperty("role", "equation")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setFont(symbol_font(LARGEST))
        self.setMinimumWidth(60)
        self.setAccessibleName(f"Equation, {in_words(equation.sources)}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        sizes = range(LARGEST, SMALLEST - 1, -1)
        fitting = next((px for px in sizes if self._width(symbol_font(px)) <= self.width()), SMALLEST)
        if self.font().pixelSize() != fitting:
            self.setFont(symbol_font(fitting))

    def _width(self, font: QFont) -> float:
        text = QTextDocument()
        text.setDocumentMargin(0)
        text.setDefaultFont(font)
        text.setHtml(self._markup)
        return float(text.idealWidth()) + 2


class EquationPanel(Panel):
    """The equations of all motions that are shown, the words for the first, and the document's caption."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        theme.changed.connect(self._on_theme_changed)
        self.wells: list[QFrame] = []
        self.words, self.caption, self.numbers = QLabel(), QLabel(), QLabel()
        self._filled: int | None = None
        self.numbers.setTextFormat(Qt.TextFormat.RichText)
        self.numbers.hide()
        self.words.setProperty("role", "secondary")
        for label in (self.numbers, self.caption, self.words):
            label.setWordWrap(True)
        content = QWidget()
        self._box = QVBoxLayout(content)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)
        self._box.addWidget(self.numbers)
        self._box.addWidget(self.words)
        self._box.addWidget(self.caption)
        self.lay_out("Equation", "", content)
        watch(self, session.store, _equations, self._on_equations_changed)
        watch(self, session.store, _caption, self._on_caption_changed)

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        """What the probe tells is put into the equation; all else follows the document."""
        place = self.session.probed
        shown = None if place is None else self.session.stage.shown(place.pane, "probe")
        number = None if shown is None else shown.job.id
        if self._filled == number:
            return
        self._filled, markup = number, ""
        if shown is not None and isinstance(shown.request, ProbeRequest):
            markup = filled(shown.request, shown.job.result.values)
        self.numbers.setText(markup)
        self.numbers.setVisible(bool(markup))

    def _on_equations_changed(self, panes: tuple[Equations, ...]) -> None:
        for old in self.wells:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        equations = list(dict.fromkeys(equation for each in panes for equation in each))
        self.wells = [self._well(equation) for equation in equations]
        for index, well in enumerate(self.wells):
            self._box.insertWidget(index, well)
            well.show()  # now: a layout would show it an event later
        self._show_words()
        self.section.set_summary(in_words(equations[0].sources) if len(equations) == 1 else "", "secondary")

    def _on_theme_changed(self, _palette: Palette) -> None:
        """Words that are there keep the colour of their links."""
        self._on_equations_changed(_equations(self.session.store.document))

    def _on_caption_changed(self, caption: str) -> None:
        self.caption.setText(caption_markup(caption))
        self.caption.setVisible(bool(caption))
        self._show_words()

    def _well(self, equation: Equation) -> QFrame:
        """The equation, and where it can be looked up."""
        well = QFrame()
        well.setProperty("kind", "well")
        box = QVBoxLayout(well)
        box.setContentsMargins(_PAD, 9, _PAD, 9)
        box.setSpacing(2)
        box.addWidget(EquationLabel(equation))
        source = QLabel(links(equation.sources))
        source.setProperty("role", "small")
        source.setAccessibleName(f"Source: {in_words(equation.sources)}")
        source.linkActivated.connect(self._on_source_activated)
        box.addWidget(source, 0, Qt.AlignmentFlag.AlignRight)
        return well

    def _on_source_activated(self, key: str) -> None:
        show_reference(self, key)

    def _show_words(self) -> None:
        """The document's own words say more than the general ones."""
        document = self.session.store.document
        panes = _equations(document)
        self.words.setText(" ".join(equation.words for equation in panes[0]))
        self.words.setVisible(len(panes) == 1 and not document.caption)


def _equations(document: Document) -> tuple[Equations, ...]:
    """Of all panes, without repetition."""
    experiments = (document.experiment(index) for index in range(len(document.view.panes)))
    return tuple(dict.fromkeys(equations_of(experiment) for experiment in experiments))


def _caption(document: Document) -> str:
    return document.caption
