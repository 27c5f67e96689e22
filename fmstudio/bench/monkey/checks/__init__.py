"""What must hold of everything that is shown, at every moment.

A check is a function from what is seen to sentences, one for each thing that is wrong. It derives what must
be shown from the document and the requests, never from the presenter's or a panel's own decisions.
"""

from __future__ import annotations

from fmstudio.bench.monkey.checks import controls, figures, paint, program, words
from fmstudio.bench.monkey.checks.registry import CHECKS, Check

__all__ = ["CHECKS", "Check", "controls", "figures", "paint", "program", "words"]
