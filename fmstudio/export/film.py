"""A document as a sequence of scenes at fixed steps of time, on an engine in this process.

Planner and presenter are the window's: what is exported is what was seen, and the same document gives the
same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from fmstudio.document.document import Document
from fmstudio.engine.client import InlineEngine
from fmstudio.engine.messages import LearnedModel
from fmstudio.export.errors import ExportError
from fmstudio.render.palette import Palette
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import Scene
from fmstudio.render.sheet import film_sheet
from fmstudio.studio.clocks import TrainingClock, clock
from fmstudio.studio.refusals import refusal_of_scene
from fmstudio.studio.session import Session
from fmstudio.studio.training_steps import Track, at_step, track

HOLD = 0.12
"""The share of a film that rests on t = 1."""


class Along(StrEnum):
    """Which of the two axes of time a film goes along."""

    TIME = "t"
    TRAINING = "training"
    """from one step that was kept to the next, each as long as the others: no frame is between two"""


@dataclass(frozen=True)
class Shot:
    """How a film is taken."""

    width: int
    height: int
    fps: float
    seconds: float
    along: Along = Along.TIME
    at: float = 1.0
    """the moment t of a film along the training"""

    @property
    def frames(self) -> int:
        return max(1, round(self.fps * self.seconds))

    def time_of(self, frame: int) -> float:
        """t of frame number ``frame``: 0 at the first, 1 from (1 - HOLD) of the film on."""
        moving = max(1, round((self.frames - 1) * (1 - HOLD)))
        return min(1.0, frame / moving)


def with_seed(document: Document, seed: int) -> Document:
    """The document with other starting points and other noise, in every pane."""
    fresh = {"start_seed": seed, "noise_seed": seed + 1}
    return document.everywhere("simulation", lambda simulation: simulation.model_copy(update=fresh))


class Film:
    """Computes all that a document's panes need, then gives its scenes. Use as a context manager."""

    def __init__(
        self, document: Document, models: Iterable[LearnedModel], palette: Palette, shot: Shot
    ) -> None:
        self._problems: list[str] = []
        self._palette, self._shot = palette, shot
        document = document.model_copy(update={"lesson": ()})  # of which one moment is filmed
        self._session = Session(InlineEngine(), document, self._problems.append)
        self._session.open(document, models)
        self._session.sight = film_sheet(shot.width, shot.height).sight(len(document.view.panes))
        self._presenter = Presenter(self._session.stage)

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._session.close()

    def prepare(self, progress: Callable[[str, float], None] = lambda _stage, _share: None) -> None:
        """Train what is shown as learned and has no model; compute trajectories, densities and fields.

        Raises ExportError with the engine's sentence if something failed or was refused.
        """
        self._train(progress)
        if self._shot.along is Along.TRAINING:
            self._go_to(self._track().value(0))
        self._compute(progress)

    def _compute(self, progress: Callable[[str, float], None] = lambda _stage, _share: None) -> None:
        while not self._session.is_complete:
            self._session.tick(0.0)
            self._raise_problems()
            progress("computing", self._share_done())
        self._session.tick(0.0)
        refusal = refusal_of_scene(self._session.planner, self._session.results)
        if refusal:
            raise ExportError(refusal)

    def scenes(self) -> Iterator[Scene]:
        """One scene a frame. Raises ExportError where a step of the training cannot be computed."""
        if self._shot.along is Along.TRAINING:
            yield from self._scenes_of_training()
            return
        document = self._session.store.document
        for frame in range(self._shot.frames):
            yield self._presenter.scene(document, self._shot.time_of(frame), self._palette)

    def _scenes_of_training(self) -> Iterator[Scene]:
        there = self._track()
        for frame in range(self._shot.frames):
            index = min(int(self._shot.time_of(frame) * len(there.steps)), len(there.steps) - 1)
            self._go_to(there.value(index))
            self._compute()
            yield self._of_training(there, there.steps[index])

    def _of_training(self, there: Track, step: int) -> Scene:
        """What is shown, with a time bar that tells the step."""
        moment = clock(self._session.store.document).words(self._shot.at)
        told = TrainingClock(moment, step, max(there.total, there.steps[-1]))
        return replace(self.scene_at(self._shot.at), t=there.place(step), clock=told)

    def _go_to(self, step: int | None) -> None:
        self._session.store.edit(lambda document: at_step(document, step), "Go along the training")

    def require_steps(self) -> None:
        """Raises ExportError where no step of a training but the newest can be shown."""
        self._track()

    def _track(self) -> Track:
        found = track(self._session.store.document, self._session.results.models)
        if found is None:
            raise ExportError("No steps of a training are kept here: show a learned model, and train it.")
        return found

    def scene_at(self, t: float) -> Scene:
        """The scene at one moment."""
        return self._presenter.scene(self._session.store.document, t, self._palette)

    def _train(self, progress: Callable[[str, float], None]) -> None:
        """One model after another, if any lacks; pictures of half a training are not asked for."""
        results = self._session.results
        self._session.train_what_lacks()
        while results.is_training:
            self._session.listen()
            self._raise_problems()
            progress("training", results.training.step / max(results.training.steps, 1))

    def _share_done(self) -> float:
        slots = self._session.results.slots.values()
        return sum(slot.is_settled for slot in slots) / max(len(slots), 1)

    def _raise_problems(self) -> None:
        if self._problems:
            raise ExportError(self._problems[0])
