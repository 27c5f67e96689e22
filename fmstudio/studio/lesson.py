"""Which moment of the document's lesson is shown, and the way from one to the next. GUI thread.

Going to a moment is looking elsewhere: it is no work, and no undo step unless something that was changed
since is left (then one, which brings it back). Time and camera move there, and so do numbers, where all that
differs is numbers (σ, the means of a mixture); else the panes change as a whole, as after any choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from fmstudio.document.document import Document, Moment
from fmstudio.document.lesson import at_moment, is_alike, is_as_kept, kept_at
from fmstudio.document.specs.view import CameraSpec
from fmstudio.studio.between import between
from fmstudio.studio.fit import camera_of
from fmstudio.studio.playback import Playback
from fmstudio.studio.stage import Stage
from fmstudio.studio.store import Store

SECONDS = 0.6
"""Long enough to be followed, and over before anybody waits for it."""


@dataclass(frozen=True)
class Way:
    """From what was shown to a moment. ``camera`` is None where somebody has taken the view in hand."""

    start: Document
    end: Document
    times: tuple[float, float]
    camera: tuple[CameraSpec, CameraSpec] | None
    bends: bool
    """all that differs is numbers"""

    def at(self, w: float) -> Document:
        return between(self.start, self.end, w) if self.bends else self.end


@final
class LessonPlay:
    """Goes through the moments; ``advance`` once per frame, after which the document is to be planned."""

    def __init__(self, store: Store, playback: Playback, stage: Stage) -> None:
        self._store, self._playback, self._stage = store, playback, stage
        self.is_sudden = False
        """nothing moves on the way: for who asked for less motion"""
        self._at: int | None = None
        self._way: Way | None = None
        self._gone = 0.0
        self._shown = store.document
        self._t = 0.0

    @property
    def moments(self) -> tuple[Moment, ...]:
        return self._store.document.lesson

    @property
    def at(self) -> int | None:
        """The number of the moment that was gone to last; None before any."""
        if self._at is None or not self.moments:
            return None
        return min(self._at, len(self.moments) - 1)

    @property
    def moment(self) -> Moment | None:
        return None if self.at is None else self.moments[self.at]

    @property
    def is_changed(self) -> bool:
        """What is shown is not what the moment keeps."""
        shown = self._store.document if self._way is None else self._way.end
        return self.moment is not None and not is_as_kept(shown, self.moment)

    @property
    def is_bending(self) -> bool:
        """Numbers are on their way, as under a hand that drags them."""
        return self._way is not None and self._way.bends

    @property
    def is_moving(self) -> bool:
        return self._way is not None

    def stand_at(self, index: int | None) -> None:
        """That moment is the one that is shown, from now on."""
        self._leave()
        self._at, self._shown = index, self._store.document

    def begin(self) -> None:
        """A document was opened: time is as the moment that it shows has it; without one, it runs."""
        self.stand_at(kept_at(self._store.document))
        if self.moment is None:
            self._playback.play()
        else:
            self._set_time(self.moment)

    def step(self, by: int) -> None:
        """The next moment, or the one before; past either end nothing happens."""
        at = self.at
        there = (0 if by > 0 else len(self.moments) - 1) if at is None else at + by
        if 0 <= there < len(self.moments):
            self.go(there)

    def go(self, index: int) -> None:
        """Set out for a moment. Raises IndexError."""
        self.arrive()
        start = self._store.document
        end, moment = at_moment(start, index), start.lesson[index]
        self._at = index
        self._playback.clear_marks()
        self._playback.pause()
        times = (self._playback.t, moment.t)
        camera = (self._stage.camera(start), camera_of(end))
        self._way = Way(start, end, times, camera, is_alike(between(start, end, 0.0), start))
        self._gone = 0.0
        self._pass(0.0)
        if self.is_sudden:
            self.arrive()

    def advance(self, seconds: float) -> None:
        """Some way on; who takes time, view or document in hand on the way goes first."""
        if self._way is None:
            self._rest()
        elif not self._heed_hands():
            self._leave()
        else:
            self._gone += seconds
            w = min(1.0, self._gone / SECONDS)
            if w < 1:
                self._pass(w * w * (3 - 2 * w))
            else:
                self.arrive()

    def arrive(self) -> None:
        """Be there at once."""
        if self._way is None:
            return
        if not self._heed_hands():
            self._leave()
            return
        way, self._way = self._way, None
        self._show(way.end)
        self._stage.gaze = None if way.camera is None else way.camera[1]
        if self.moment is not None:
            self._set_time(self.moment)

    def _set_time(self, moment: Moment) -> None:
        self._playback.jump(moment.t)
        if moment.plays:
            self._playback.play()

    def _pass(self, w: float) -> None:
        way = self._way
        assert way is not None
        self._show(way.end, way.at(w))
        self._playback.seek(way.times[0] + (way.times[1] - way.times[0]) * w)
        self._t = self._playback.t
        self._stage.gaze = None if way.camera is None else between(*way.camera, w)

    def _show(self, end: Document, passing: Document | None = None) -> None:
        self._store.visit(end, f"Go to moment {(self._at or 0) + 1}", passing)
        self._shown = self._store.document

    def _heed_hands(self) -> bool:
        """False where there is nothing left to do: somebody changed the document, or moved time."""
        way, document = self._way, self._store.document
        assert way is not None
        if document is not self._shown:
            if not is_alike(document, self._shown):
                return False
            view = way.end.view.model_copy(update={"camera": document.view.camera})
            way = replace(way, end=way.end.model_copy(update={"view": view}), camera=None)
            self._way, self._shown = way, document
        if self._playback.playing or self._playback.t != self._t:
            self._show(way.end)
            return False
        return True

    def _leave(self) -> None:
        self._way, self._stage.gaze = None, None

    def _rest(self) -> None:
        """The view stays where the way led, until the panes show what it belongs to. Undo may have led to
        another moment."""
        document = self._store.document
        if document is not self._shown:
            self._stage.gaze, self._shown = None, document
            there = kept_at(document)
            self._at = there if there is not None and self.is_changed else self._at
        elif self._stage.gaze is not None:
            standing = self._stage.panes.values()
            if all(pane.resolved.document is document for pane in standing):
                self._stage.gaze = None
