"""The monkey: drives the real window at random, and compares what it says with what runs.

``fmstudio bench monkey --seed N --seconds S``. Acts (``acts/``) come from the seed alone; after each, checks
(``checks/``) derive from the document what every label and figure must be. Nothing outside a folder of its
own is touched.
"""

from __future__ import annotations

from fmstudio.bench.monkey.report import Report, show

__all__ = ["Report", "show"]
