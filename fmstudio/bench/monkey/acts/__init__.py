"""What the monkey may do: one function an act, entered into ``ACTS`` with how often it is taken."""

from __future__ import annotations

from fmstudio.bench.monkey.acts import canvas, controls, lessons, mixtures, program, work
from fmstudio.bench.monkey.acts.registry import ACTS, Act, World

__all__ = ["ACTS", "Act", "World", "canvas", "controls", "lessons", "mixtures", "program", "work"]
