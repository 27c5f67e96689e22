"""What stands in a pane while something else is asked: choose, refuse, fail, cancel, die, answer late."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import EightGaussiansSpec, RingSpec, TwoSpiralsSpec
from fmstudio.document.specs.dynamics import LangevinSpec, ODESpec, SDESpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.jobs import JobState
from fmstudio.engine.messages import EngineLost, LearnedModel, Refusal
from fmstudio.engine.protocol import JobCancelled
from fmstudio.studio import commands, learning
from fmstudio.studio.comparisons import COMPARISONS, compare, set_panes
from fmstudio.studio.fit import camera_of
from fmstudio.studio.session import Session
from fmstudio.studio.stage import GRACE_SECONDS, Standing
from fmstudio.studio.tools import Mode, Place
from tests.fakes import FakeEngine

LONG = 2 * GRACE_SECONDS


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(engine: FakeEngine) -> Session:
    session = Session(engine, Document(target=EightGaussiansSpec()), lambda _sentence: None)
    settle(session, engine)
    return session


def settle(session: Session, engine: FakeEngine) -> None:
    for _ in range(4):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)


def standing(session: Session, pane: int = 0) -> Standing:
    return session.stage.panes[pane]


def targets(session: Session) -> set[object]:
    """Of all that stands in the pane, words included."""
    pane = standing(session)
    of = {
        shown.request.trajectories if kind == "measure" else shown.request
        for kind, shown in pane.shown.items()
    }
    return {request.problem.target for request in of} | {pane.resolved.experiment.target}


CHANGES = [
    ("target", TwoSpiralsSpec()),
    ("dynamics", SDESpec()),
    ("dynamics", LangevinSpec()),
    ("dynamics", ODESpec(solver="rk4")),
    ("simulation.start_seed", 99),
    ("simulation.particles", 5000),
    ("path", VPSpec()),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_that_a_pane_changes_as_a_whole_and_only_once_all_that_is_quick_is_there(
    session: Session, engine: FakeEngine, path: str, value: object
) -> None:
    before = dict(standing(session).shown)
    old = standing(session).resolved
    asked = len(engine.submitted)
    commands.set_field(session, path, value, "Change")
    session.tick(0.01)
    new = list(engine.submitted[asked:])
    assert new
    for job in new:
        pane = standing(session)
        assert pane.resolved is old
        assert {kind: shown.job for kind, shown in pane.shown.items() if kind != "measure"} == {
            kind: shown.job for kind, shown in before.items() if kind != "measure"
        }
        engine.fill(job)
        session.tick(0.01)
    pane = standing(session)
    assert pane.is_settled
    assert pane.resolved.document == session.store.document
    assert all(pane.resolved.asks[kind] == shown.request for kind, shown in pane.shown.items())


def test_that_words_and_pictures_are_of_one_document_at_every_frame(
    session: Session, engine: FakeEngine
) -> None:
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    for _ in range(8):
        session.tick(0.05)
        assert len(targets(session)) == 1
        waiting = [job for job in engine.submitted if job.unfinished]
        if waiting:
            engine.finish(waiting[0])


def test_that_a_figure_is_not_told_of_other_particles(session: Session) -> None:
    assert session.stage.shown(0, "measure") is not None
    commands.set_field(session, "dynamics", SDESpec(), "SDE")
    session.tick(0.0)
    assert session.stage.shown(0, "measure") is None
    session.store.undo()
    session.tick(0.0)
    assert session.stage.shown(0, "measure") is not None


def test_that_what_takes_long_is_dimmed_with_what_is_missing_and_what_still_holds_is_not(
    session: Session,
) -> None:
    commands.set_field(session, "simulation.particles", 5000, "Particles")
    session.tick(0.01)
    session.tick(GRACE_SECONDS / 2)
    pane = standing(session)
    assert pane.shown["trajectories"].is_waiting
    assert not pane.shown["trajectories"].is_dimmed
    assert not pane.missing
    session.tick(GRACE_SECONDS)
    pane = standing(session)
    assert pane.shown["trajectories"].is_dimmed
    assert not pane.shown["density"].is_waiting
    assert pane.missing == ("trajectories",)


def test_that_answers_within_a_moment_never_dim_anything(session: Session, engine: FakeEngine) -> None:
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    for _ in range(3):
        session.tick(0.033)
        assert not any(shown.is_dimmed for shown in standing(session).shown.values())
    engine.finish_all()
    session.tick(0.033)
    assert standing(session).is_settled


@pytest.mark.parametrize("reason", [Refusal.FAILURE, Refusal.BAD_INPUT, Refusal.OUT_OF_MEMORY])
def test_that_what_fails_takes_the_old_picture_with_it(
    session: Session, engine: FakeEngine, reason: Refusal
) -> None:
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    session.tick(0.0)
    failing = engine.in_lane("trajectories/0")[-1]
    engine.fill(failing, rows=5)
    engine.refuse(failing, "The particles ran off to infinity.", reason)
    session.tick(0.0)
    pane = standing(session)
    assert "trajectories" not in pane.shown
    assert pane.problems["trajectories"] == "The particles ran off to infinity."
    assert isinstance(pane.resolved.experiment.dynamics, LangevinSpec)
    settle(session, engine)
    assert "trajectories" not in standing(session).shown
    assert "measure" not in standing(session).shown


def test_that_the_engines_death_takes_what_waits_and_leaves_what_holds(
    session: Session, engine: FakeEngine
) -> None:
    before = standing(session).shown.keys()
    engine.say(EngineLost("The engine crashed."))
    session.tick(0.0)
    assert standing(session).shown.keys() == before
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.0)
    assert targets(session) == {EightGaussiansSpec()}
    engine.say(EngineLost("The engine crashed."))
    session.tick(0.0)
    assert targets(session) == {TwoSpiralsSpec()}
    settle(session, engine)
    assert standing(session).is_settled


def test_that_a_late_answer_to_an_old_question_is_not_shown(session: Session, engine: FakeEngine) -> None:
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.0)
    late = [job for job in engine.submitted if job.unfinished]
    commands.set_field(session, "target", EightGaussiansSpec(), "Choose target")
    session.tick(0.0)
    assert standing(session).is_settled
    for job in late:
        engine.finish(job)
    session.tick(0.0)
    assert targets(session) == {EightGaussiansSpec()}
    assert standing(session).is_settled


def test_that_what_was_cancelled_and_is_wanted_is_asked_again(session: Session, engine: FakeEngine) -> None:
    """Two panes wait for one job; the lane that it was asked in goes on to something else."""
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.0)
    job = engine.in_lane("trajectories/0")[-1]
    engine._replies.append(JobCancelled(job.id))  # type: ignore[arg-type]
    session.tick(0.0)
    assert job.state is JobState.CANCELLED
    session.tick(0.0)
    again = engine.in_lane("trajectories/0")[-1]
    assert again is not job
    assert again.request == job.request
    settle(session, engine)
    assert session.is_complete


def test_that_a_job_that_another_pane_waits_for_is_not_cancelled(
    session: Session, engine: FakeEngine
) -> None:
    panes = session.store.document.view.panes
    set_panes(session, (*panes, *panes), "Two panes")
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.0)
    (job,) = {session.results.slots[f"trajectories/{index}"].job.id for index in (0, 1)}
    assert session.results.find(job).lane == "trajectories/0"  # type: ignore[union-attr]
    engine.cancelled.clear()
    set_panes(session, panes, "One pane")
    session.tick(0.0)
    assert "trajectories/0" not in engine.cancelled


def test_that_no_pane_shows_what_another_panes_document_was_answered(
    session: Session, engine: FakeEngine
) -> None:
    """A refusal of the SDE in pane 1 must not stand under the field that pane 1 shows next."""
    compare(session, COMPARISONS[1])
    session.tick(0.0)
    engine.refuse(engine.in_lane("trajectories/1")[-1], "An SDE needs a score.", Refusal.BAD_INPUT)
    session.tick(0.0)
    assert standing(session, 1).problems
    compare(session, COMPARISONS[2])
    session.tick(0.0)
    assert not standing(session, 1).problems
    settle(session, engine)
    for index in range(3):
        pane = standing(session, index)
        assert all(pane.resolved.asks[kind] == shown.request for kind, shown in pane.shown.items())


def test_that_under_the_hand_each_layer_changes_as_it_comes(session: Session, engine: FakeEngine) -> None:
    session.is_interacting = True
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.01)
    density = engine.in_lane("density/0")[-1]
    engine.fill(density, rows=1)
    session.tick(0.01)
    pane = standing(session)
    assert pane.shown["density"].job is density
    assert pane.shown["trajectories"].is_waiting
    assert not pane.shown["trajectories"].is_dimmed
    session.tick(LONG)
    assert standing(session).shown["trajectories"].is_dimmed


def test_that_under_the_hand_the_newest_picture_is_shown_even_if_more_is_asked(
    session: Session, engine: FakeEngine
) -> None:
    session.is_interacting = True
    jobs = []
    for radius in (1.0, 1.5, 2.5):
        commands.set_field(session, "target.radius", radius, "Radius", merge=True)
        session.tick(0.01)
        jobs.append(engine.in_lane("density/0")[-1])
    engine.fill(jobs[1])
    session.tick(0.01)
    assert standing(session).shown["density"].job is jobs[1]
    engine.fill(jobs[0])
    session.tick(0.01)
    assert standing(session).shown["density"].job is jobs[1]
    session.is_interacting = False
    engine.finish_all()
    session.tick(0.01)
    assert standing(session).is_settled


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_that_a_hand_that_comes_before_the_answer_mixes_nothing_of_before(
    session: Session, engine: FakeEngine, path: str, value: object
) -> None:
    old, before = standing(session).resolved, {s.job for s in standing(session).shown.values()}
    commands.set_field(session, path, value, "Change")
    session.tick(0.01)
    session.is_interacting = True
    for radius in (2.6, 2.7, 2.8):
        commands.set_field(session, "target", RingSpec(radius=radius), "Ring", merge=True)
        session.tick(0.01)
        pane = standing(session)
        assert pane.resolved is old
        assert {shown.job for shown in pane.shown.values()} <= before
    session.is_interacting = False
    session.tick(LONG)
    assert standing(session).resolved is old
    session.is_interacting = True
    commands.set_field(session, "target", RingSpec(radius=2.9), "Ring", merge=True)
    session.tick(0.01)
    for job in list(engine.submitted):
        if job.unfinished and not any(shown.job in before for shown in standing(session).shown.values()):
            break
        engine.fill(job)
        session.tick(0.01)
    pane = standing(session)
    assert pane.resolved.document is session.store.document
    assert not before & {shown.job for shown in pane.shown.values()}


def test_that_a_zoom_keeps_the_picture_and_nothing_waits(session: Session, engine: FakeEngine) -> None:
    old = standing(session).shown["density"].job
    commands.move_camera(session, 0.0, 0.0, 1.5)
    session.tick(LONG)
    session.tick(LONG)
    pane = standing(session)
    assert pane.shown["density"].job is old
    assert not pane.shown["density"].is_waiting
    assert pane.resolved.document == session.store.document
    assert not pane.missing
    engine.finish_all()
    session.tick(0.0)
    assert standing(session).shown["density"].job is not old


def test_that_a_layer_that_is_switched_on_disturbs_no_other(session: Session) -> None:
    commands.toggle_layer(session, 0, "grid")
    session.tick(LONG)
    session.tick(LONG)
    pane = standing(session)
    assert not any(shown.is_waiting for kind, shown in pane.shown.items() if kind != "grid")
    assert pane.missing == ("grid",)


def test_that_nothing_waits_for_what_takes_seconds(session: Session, engine: FakeEngine) -> None:
    commands.choose_shown(session, 0, DensityMethod.FOKKER_PLANCK)
    session.tick(0.0)
    pane = standing(session)
    assert pane.resolved.document == session.store.document
    assert session.stage.shown(0, "density").job is engine.in_lane("density/0")[-1]  # type: ignore[union-attr]
    assert not pane.shown["trajectories"].is_waiting


def test_that_an_opened_document_starts_on_an_empty_pane(session: Session) -> None:
    session.open(Document(target=TwoSpiralsSpec()))
    session.tick(0.0)
    assert targets(session) == {TwoSpiralsSpec()}


def model(session: Session, step: int) -> LearnedModel:
    d = session.store.document
    weights = FrozenArray(np.full(4, float(step)))
    training = learning.recipe_of(d).training
    return LearnedModel(d.model, training.objective, weights, step, d.problem, training)


def publish(session: Session, step: int) -> None:
    shown = model(session, step)
    session.results.models[learning.recipe_of_model(shown)] = shown


def test_that_a_training_is_seen_snapshot_by_snapshot_and_figures_say_which(
    session: Session, engine: FakeEngine
) -> None:
    commands.single_pane(session, FieldChoice.LEARNED)
    publish(session, 100)
    settle(session, engine)
    assert session.stage.shown(0, "measure") is not None
    publish(session, 200)
    session.tick(0.0)
    for _ in range(3):
        session.tick(LONG)
        pane = standing(session)
        assert pane.resolved.trained.model.step == 100  # type: ignore[union-attr]
        assert not any(shown.is_dimmed for shown in pane.shown.values())
        assert not pane.missing
    publish(session, 300)
    session.tick(0.0)
    assert engine.in_lane("trajectories/0")[-1].request.learned.step == 200  # type: ignore[union-attr]
    for job in [job for job in engine.submitted if job.unfinished]:
        engine.fill(job)
    session.tick(0.0)
    pane = standing(session)
    assert pane.resolved.trained.model.step == 200  # type: ignore[union-attr]
    assert pane.shown["measure"].request.trajectories.learned.step == 100  # type: ignore[union-attr]
    settle(session, engine)
    settle(session, engine)
    assert standing(session).resolved.trained.model.step == 300  # type: ignore[union-attr]
    assert standing(session).is_settled


def test_that_a_probe_follows_the_pointer_and_goes_with_what_it_was_asked_of(
    session: Session, engine: FakeEngine
) -> None:
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(Place(0.5, 0.0, 0))
    settle(session, engine)
    session.tools.hover(Place(0.7, 0.0, 0))
    session.tick(0.0)
    shown = session.stage.shown(0, "probe")
    assert shown is not None
    assert shown.is_waiting
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.0)
    assert session.stage.shown(0, "probe") is None


def test_that_an_empty_result_is_nothing_to_show(session: Session, engine: FakeEngine) -> None:
    commands.set_field(session, "simulation.particles", 5000, "Particles")
    session.tick(0.0)
    job = engine.in_lane("trajectories/0")[-1]
    job.result.shape = (0,)
    for _ in range(3):
        session.tick(LONG)
        assert standing(session).shown["trajectories"].job is not job


def test_that_words_without_a_picture_are_not_kept(engine: FakeEngine) -> None:
    """The engine has drawn nothing yet (it starts, or was started anew) when something else is chosen."""
    session = Session(engine, Document(target=EightGaussiansSpec()), lambda _sentence: None)
    session.tick(0.01)
    assert standing(session).shown
    commands.set_field(session, "path", VPSpec(), "Change")
    session.tick(0.01)
    assert standing(session).resolved.experiment.path == VPSpec()
    session.close()


def test_that_no_probe_of_a_new_motion_stands_over_an_old_picture(
    session: Session, engine: FakeEngine
) -> None:
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(Place(0.3, 0.2, 0))
    settle(session, engine)
    assert "probe" in standing(session).shown
    commands.set_field(session, "dynamics", LangevinSpec(), "Change")
    session.tick(0.01)
    engine.finish(engine.in_lane("probe/0")[-1])
    session.tick(0.01)
    assert standing(session).resolved.experiment.dynamics == ODESpec()
    assert "probe" not in standing(session).shown


@pytest.mark.parametrize("comparison", [None, *COMPARISONS[1:3]])
def test_that_the_view_changes_in_the_frame_in_which_the_pictures_do(session, engine, comparison):
    if comparison is not None:
        compare(session, comparison)
        settle(session, engine)
    near = session.stage.camera(session.store.document)
    commands.set_field(session, "target", RingSpec(radius=5.0), "Choose target")
    session.tick(0.0)
    assert session.stage.camera(session.store.document) == near, "the old picture stands"
    settle(session, engine)
    assert session.stage.camera(session.store.document) == camera_of(session.store.document) != near


def test_that_a_camera_moved_by_hand_is_followed_at_once(session):
    commands.set_field(session, "target", TwoSpiralsSpec(), "Choose target")
    session.tick(0.0)
    commands.move_camera(session, 5.0, 5.0, 2.0)
    session.tick(0.0)
    assert session.stage.camera(session.store.document) == session.store.document.view.camera
