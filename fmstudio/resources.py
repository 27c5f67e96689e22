"""Files that ship with fmstudio, found the same way in a checkout, a wheel and a frozen app."""

from __future__ import annotations

import sys
from pathlib import Path


def asset(name: str) -> Path:
    """The path of ``assets/<name>``. Raises FileNotFoundError if it does not ship."""
    here = Path(__file__).resolve().parent
    frozen = Path(getattr(sys, "_MEIPASS", here))
    for root in (here / "assets", here.parent / "assets", frozen / "assets"):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"fmstudio ships no asset called {name}; reinstall fmstudio")
