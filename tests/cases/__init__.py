"""What people reported of such programs, case by case: the command or step of the report, and the value that
is right. The wider tests of each kind are beside the code that they hold."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "cases"
