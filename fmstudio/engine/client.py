"""What the rest of the program uses of the engine. No torch: the window's process never loads it."""

from fmstudio.engine.inline import InlineEngine
from fmstudio.engine.jobs import Engine, Job, JobState
from fmstudio.engine.process import ProcessEngine

__all__ = ["Engine", "InlineEngine", "Job", "JobState", "ProcessEngine"]
