"""Captions as rich text. Pure."""

from __future__ import annotations

import html
import re


def caption_markup(caption: str) -> str:
    """Paragraphs as rich text, with p_t as a symbol and its subscript."""
    paragraphs = [html.escape(part.strip(), quote=False) for part in caption.split("\n\n") if part.strip()]
    lowered = [re.sub(r"\b([^\W\d_])_(\w+)", r"\1<sub>\2</sub>", part) for part in paragraphs]
    return "".join(f'<p style="margin: {8 if i else 0}px 0 0 0">{part}</p>' for i, part in enumerate(lowered))
