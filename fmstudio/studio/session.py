"""One person at work: store, planner, results, playback and an engine, ticked once per frame. GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from fmstudio.document.document import Document
from fmstudio.document.lesson import documents_of
from fmstudio.engine.client import Engine
from fmstudio.engine.messages import (
    EngineLost,
    EngineReady,
    JobFailed,
    JobFinished,
    LearnedModel,
    Refusal,
    Reply,
    TrainingCheckpoint,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
)
from fmstudio.studio import learning
from fmstudio.studio.asked_files import AskedFile
from fmstudio.studio.begun_ink import BegunInk
from fmstudio.studio.lesson import LessonPlay
from fmstudio.studio.one_step import OneStep
from fmstudio.studio.planner import Planner
from fmstudio.studio.playback import Playback
from fmstudio.studio.resolve import Look, Sight
from fmstudio.studio.results import Recipe, Results, TrainingRecord
from fmstudio.studio.stage import Stage
from fmstudio.studio.store import Store
from fmstudio.studio.tools import Mode, Place, Tools
from fmstudio.studio.unsaved import Unsaved


class Session:
    """Everything but the window. ``tick`` drains the engine, plans, and moves time.

    ``notify`` is called with one sentence whenever something went wrong that a person should know.
    """

    def __init__(self, engine: Engine, document: Document, notify: Callable[[str], None]) -> None:
        self.engine = engine
        self.store = Store(document)
        self.results = Results()
        self.unsaved = Unsaved(self.store, self.results)
        self.planner = Planner(engine, self.results)
        self.stage = Stage(self.results)
        self.tools = Tools()
        self.playback = Playback(document.view.seconds, document.view.loop)
        self.lesson = LessonPlay(self.store, self.playback, self.stage)
        self.sight: Sight = (1.4, 1.1)
        """how far the panes let one see: set by who lays them out"""
        self.is_interacting = False
        """a stroke or drag is on: measures wait"""
        self.looks_ahead = False
        """where nothing else is to be done, neighbouring steps of a training are computed"""
        self.device = ""
        self._engine_trouble = ""
        self.engine_start_seconds: float | None = None
        self.notify = notify
        self.one_step = OneStep(engine, self._tell)
        self.imports: list[AskedFile] = []
        """files that somebody is to read"""
        self._training_job: int | None = None
        self.ink = BegunInk(engine, self.store)
        self.store.watch(lambda d: (d.view.seconds, d.view.loop), self._on_pace_changed)

    @property
    def probed(self) -> Place | None:
        """Where it is told what is known: at the newest particle that was dropped, or else under the
        pointer."""
        drops, tools = self.store.document.view.drops, self.tools
        if tools.mode is not Mode.PROBE or not drops:
            return tools.probe
        last = len(self.store.document.view.panes) - 1
        return Place(drops[-1].x, drops[-1].y, min(tools.probed_pane, last))

    def tick(self, seconds: float) -> None:
        """One frame: ``seconds`` have passed since the last."""
        self.listen()
        self.ink.take()
        self.lesson.advance(seconds)
        live = self.is_interacting or self.lesson.is_bending
        look = Look(self.playback.t, self.sight, self.probed, self.ink.is_awaited)
        spare = self.looks_ahead and not live and not self.results.is_training
        self.planner.tick(self.store.document, look, not live, spare)
        self.one_step.tick(self.store.document, self.playback)
        self.playback.advance(seconds)
        self.stage.tick(self.planner.panes, self.playback.t, seconds, live)
        self.results.sweep(self.stage.jobs)

    def listen(self) -> None:
        """Take what the engine has to say, and ask for nothing."""
        for reply in self.engine.poll():
            self._take(reply)

    @property
    def troubles(self) -> tuple[str, ...]:
        """The sentences given to ``notify`` that are still so."""
        found = [self._engine_trouble, self.results.training.message]
        return tuple(filter(None, (*found, *(slot.problem for slot in self.results.slots.values()))))

    @property
    def is_complete(self) -> bool:
        """What is visible is final (training aside)."""
        is_planned = self.planner.planned == self.store.document and not self.ink.is_awaited
        return is_planned and self.planner.is_complete

    # ---- training ----

    def train(self) -> None:
        """Train what the panes lack, one after another; if they lack nothing, all that they show, anew; and
        if they show nothing learned, the document's own model."""
        document, models = self.store.document, self.results.models
        asked = learning.missing(document, models) or learning.needed(document)
        recipes = tuple(asked or (learning.recipe_of(document),))
        self.unsaved.regard(recipes)
        self._train(recipes)

    def train_what_lacks(self) -> None:
        """Train what the panes lack, and those of the lesson's moments, if anything. Nobody asked for it, so
        it is nobody's unsaved work."""
        models, shown = self.results.models, documents_of(self.store.document)
        missing = tuple(dict.fromkeys(recipe for each in shown for recipe in learning.missing(each, models)))
        if missing:
            self.unsaved.disregard(missing)
            self._train(missing)

    def _train(self, recipes: Iterable[Recipe]) -> None:
        self.results.waiting = list(recipes)
        self._train_next()

    def _train_next(self) -> None:
        recipe = self.results.waiting.pop(0)
        self.results.begin_training(recipe)
        device = {"device": self.store.document.training.device}
        training = recipe.training.model_copy(update=device)
        request = TrainRequest(recipe.problem, recipe.model, training)
        self._training_job = self.engine.train(request).id

    def command_training(self, command: TrainingCommand) -> None:
        self.engine.command(command)

    def open(self, document: Document, models: Iterable[LearnedModel] = (), path: Path | None = None) -> None:
        """Show another document, with the models that were saved with it, of this file if it has one."""
        if self.results.training.is_active:
            self.engine.command(TrainingCommand.STOP)
        self.results.training = TrainingRecord()
        self.results.waiting, self._training_job = [], None
        kept = tuple(models)
        for model in kept:
            self._publish(model)
        self.stage.clear()
        self.store.open(document, path)
        self.unsaved.mark_saved(kept)
        self.tools.take_corners(())
        self.playback.clear_marks()
        self.playback.seek(0.0)
        self.lesson.stand_at(None)

    def _tell(self, sentence: str) -> None:
        """To whoever is to be notified now."""
        self.notify(sentence)

    def close(self) -> None:
        self.ink.forget()
        self.one_step.end()
        self.engine.close()
        self.stage.clear()
        self.results.release_all()

    # ---- replies ----

    def _take(self, reply: Reply) -> None:
        match reply:
            case EngineReady():
                self.device, self.engine_start_seconds = reply.device, reply.seconds
                self._engine_trouble = ""
            case JobFinished():
                self._on_job_finished(reply)
            case JobFailed():
                self._on_job_failed(reply)
            case TrainingProgress():
                self._on_training_progress(reply)
            case TrainingSnapshot(learned=model):
                self._publish(model)
            case TrainingCheckpoint():
                self._on_checkpoint(reply)
            case EngineLost():
                self.results.forget_problems()
                self.stage.let_go()
                self._engine_trouble = reply.message
                self.notify(reply.message)

    def _publish(self, model: LearnedModel) -> None:
        self.results.publish(learning.recipe_of_model(model), model)

    def _on_checkpoint(self, reply: TrainingCheckpoint) -> None:
        """Of the training under way; one that was replaced keeps nothing more."""
        recipe = self.results.training.recipe
        if reply.job == self._training_job and recipe is not None:
            self.results.keep(recipe, reply.checkpoint)

    def _on_training_progress(self, progress: TrainingProgress) -> None:
        """Of the training under way; one that was replaced says nothing more."""
        if progress.job != self._training_job:
            return
        self.results.training.take(progress)
        if progress.message:
            self.notify(progress.message)
        if progress.state in (TrainingState.STOPPED, TrainingState.FAILED):
            self.results.waiting = []
        elif progress.state is TrainingState.FINISHED and self.results.waiting:
            self._train_next()

    def _on_job_finished(self, reply: JobFinished) -> None:
        job = self.results.find(reply.job)
        if job is not None:
            self.results.finish(job)

    def _on_job_failed(self, reply: JobFailed) -> None:
        job = self.results.find(reply.job)
        if job is None:
            return
        self.results.fail(job)
        if reply.reason in (Refusal.FAILURE, Refusal.OUT_OF_MEMORY, Refusal.NO_ROOM):
            self.notify(reply.message)

    def _on_pace_changed(self, pace: tuple[float, str]) -> None:
        self.playback.seconds, self.playback.loop = pace  # type: ignore[assignment]
