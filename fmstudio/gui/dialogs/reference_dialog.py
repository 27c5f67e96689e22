"""Sources and notation: the works that fmstudio cites, and what its symbols mean. GUI thread."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QTextBlock
from PySide6.QtWidgets import QApplication, QDialog, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

from fmstudio.document.references import Citations, Reference, references
from fmstudio.resources import asset

_NUMBER = re.compile(r"^\d+\. ")
_BELOW = 400
"""Pixels free below the notation, so that its last headings come to the top too."""
TOPIC = "topic"
"""The property of a widget that names the heading of the notation which explains it and all in it."""


def links(citations: Citations) -> str:
    """Rich text in which each citation is a link to its key."""
    return "; ".join(f'<a href="{c.key}">{html.escape(c.text)}</a>' for c in citations)


def topic_of(widget: QWidget | None) -> str:
    """The heading of the notation that explains the widget: its own, or of what it lies in; '' if none."""
    while widget is not None:
        topic = widget.property(TOPIC)
        if topic:
            return str(topic)
        widget = widget.parentWidget()
    return ""


def topic_here(window: QWidget) -> str:
    """Of what has the focus in the window, or else lies in it under the pointer."""
    pointed = QApplication.widgetAt(QCursor.pos())
    ours = pointed if pointed is not None and pointed.window() is window else None
    return topic_of(window.focusWidget()) or topic_of(ours)


def show_reference(owner: QWidget, key: str = "", topic: str = "") -> None:
    """Open the page over ``owner``'s window, at the work of ``key`` or the notation's heading ``topic``."""
    dialog = ReferenceDialog(owner.window())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    dialog.go_to(key)
    dialog.go_to_topic(topic)


class ReferenceDialog(QDialog):
    """Two pages: the sources and the notation. Addresses open in the browser."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sources and notation")
        self.resize(720, 620)
        self.sources, self.notation = _page("Sources"), _page("Notation")
        self.sources.setHtml("".join(_entry(reference) for reference in references().values()))
        self.notation.setMarkdown(asset("reference/notation.md").read_text(encoding="utf-8"))
        frame = self.notation.document().rootFrame()
        below = frame.frameFormat()
        below.setBottomMargin(_BELOW)
        frame.setFrameFormat(below)
        self.pages = QTabWidget()
        self.pages.addTab(self.sources, "Sources")
        self.pages.addTab(self.notation, "Notation")
        self.pages.tabBar().setAccessibleName("Pages")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.addWidget(self.pages)

    def go_to(self, key: str) -> None:
        """Show the work of that key first; '' stays at the top."""
        if key:
            self.sources.scrollToAnchor(key)

    def go_to_topic(self, topic: str) -> None:
        """Turn to the notation, with the heading of those words first; '' stays where it is."""
        heading = self.headings().get(topic)
        if heading is None:
            return
        self.pages.setCurrentWidget(self.notation)
        top = self.notation.document().documentLayout().blockBoundingRect(heading).top()
        self.notation.verticalScrollBar().setValue(round(top))

    def headings(self) -> dict[str, QTextBlock]:
        """Of the notation, by their words without the number."""
        found: dict[str, QTextBlock] = {}
        block = self.notation.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel():
                found[_NUMBER.sub("", block.text())] = block
            block = block.next()
        return found


def _page(name: str) -> QTextBrowser:
    page = QTextBrowser()
    page.setOpenExternalLinks(True)
    page.setAccessibleName(name)
    return page


def _entry(reference: Reference) -> str:
    """One work, as HTML with an anchor."""
    year = f" ({reference.year})" if reference.year else ""
    lines = [
        f'<a name="{reference.key}"></a><b>{html.escape(reference.short)}</b>',
        f"{html.escape(reference.authors)}{year}. <i>{html.escape(reference.title)}</i>. "
        f"{html.escape(reference.where)}.",
        html.escape(reference.about),
        f'<a href="{reference.address}">{reference.address}</a>' if reference.address else "",
    ]
    return f"<p>{'<br>'.join(line for line in lines if line)}</p>"
