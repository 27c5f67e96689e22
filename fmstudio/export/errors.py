"""What can go wrong in an export."""

from __future__ import annotations


class ExportError(RuntimeError):
    """One clear sentence: what went wrong and what to do."""
