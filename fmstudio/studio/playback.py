"""Time: where it is and how it moves. GUI thread."""

from __future__ import annotations

from typing import Literal

LoopMode = Literal["once", "loop", "bounce"]
HOLD_SECONDS = 0.8
"""How long a loop rests on its end before it starts again, so that the target can be seen."""

WHOLE = (0.0, 1.0)


class Playback:
    """Owner of t, speed and direction; ``advance`` is called once per frame."""

    def __init__(self, seconds: float = 4.0, loop: LoopMode = "loop") -> None:
        self.t = 0.0
        self.playing = False
        self.speed = 1.0
        self.seconds = seconds
        self.loop: LoopMode = loop
        self.marks = WHOLE
        """from where to where it plays"""
        self._direction = 1
        self._held = 0.0
        self._resume_after_scrub = False

    def mark(self, is_start: bool) -> None:
        """Play from here, or to here; the other mark gives way where it would lie behind."""
        start, end = self.marks
        if is_start:
            self.marks = (self.t, end if end > self.t else 1.0)
        else:
            self.marks = (start if start < self.t else 0.0, self.t)
        if self.marks[0] >= self.marks[1]:  # the very start was marked as the end, or the end as the start
            self.marks = WHOLE

    def clear_marks(self) -> None:
        """Play from 0 to 1."""
        self.marks = WHOLE

    def play(self) -> None:
        start, end = self.marks
        if not start <= self.t <= end or (self.t >= end and self.loop == "once"):
            self.t = start
        self._held = 0.0
        self.playing = True

    def pause(self) -> None:
        self.playing = False

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def seek(self, t: float) -> None:
        """Go to t, clamped to [0, 1]."""
        self.t = min(1.0, max(0.0, t))
        self._held = 0.0

    def jump(self, t: float) -> None:
        """Pause, and go to t."""
        self.pause()
        self.seek(t)

    def step(self, steps: int, of: int) -> None:
        """Pause and go to the solver state ``steps`` further, of ``of`` steps in all."""
        self.pause()
        position = self.t * of
        nearest = round(position)
        base = (
            nearest if abs(position - nearest) < 1e-6 else (int(position) if steps > 0 else int(position) + 1)
        )
        self.seek((base + steps) / of)

    def begin_scrub(self) -> None:
        """A drag on the timeline pauses time."""
        self._resume_after_scrub = self.playing
        self.pause()

    def end_scrub(self) -> None:
        """Its release resumes, if time was running."""
        if self._resume_after_scrub:
            self.play()
        self._resume_after_scrub = False

    def advance(self, seconds: float) -> None:
        if not self.playing:
            return
        start, end = self.marks
        at_end = self.t >= end if self._direction > 0 else self.t <= start
        if at_end:
            self._rest(seconds)
            return
        self.t = min(end, max(start, self.t + self._direction * seconds * self.speed / self.seconds))
        if self.loop == "once" and self.t >= end:
            self.pause()

    def _rest(self, seconds: float) -> None:
        self._held += seconds
        if self._held < HOLD_SECONDS:
            return
        self._held = 0.0
        if self.loop == "bounce":
            self._direction = -self._direction
        elif self.loop == "loop":
            self._direction, self.t = 1, self.marks[0]
        else:
            self.pause()
