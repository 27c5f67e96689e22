"""Sources and notation: the works that fmstudio cites, and what its symbols mean. GUI thread."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

from fmstudio.document.references import Citations, Reference, references
from fmstudio.resources import asset


def links(citations: Citations) -> str:
    """Rich text in which each citation is a link to its key."""
    return "; ".join(f'<a href="{c.key}">{html.escape(c.text)}</a>' for c in citations)


def show_reference(owner: QWidget, key: str = "") -> None:
    """Open the page over ``owner``'s window, at the work of that key if one is given."""
    dialog = ReferenceDialog(owner.window())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    dialog.go_to(key)


class ReferenceDialog(QDialog):
    """Two pages: the sources and the notation. Addresses open in the browser."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sources and notation")
        self.resize(720, 620)
        self.sources, self.notation = _page("Sources"), _page("Notation")
        self.sources.setHtml("".join(_entry(reference) for reference in references().values()))
        self.notation.setMarkdown(asset("reference/notation.md").read_text(encoding="utf-8"))
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
