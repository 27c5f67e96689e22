"""The planner and results, driven through a session on an engine that does as it is told."""

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, RingSpec
from fmstudio.document.specs.dynamics import LangevinSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import Refusal
from fmstudio.studio import commands, remedies, results
from fmstudio.studio.comparisons import COMPARISONS, compare
from fmstudio.studio.drawing import Brush
from fmstudio.studio.guardrails import Guardrail, Remedy, Section, guardrails
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(engine: FakeEngine) -> Session:
    said: list[str] = []
    session = Session(engine, Document(), said.append)
    session.said = said  # type: ignore[attr-defined]
    return session


def _settle(session: Session, engine: FakeEngine) -> None:
    for _ in range(4):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)


def test_that_a_tick_asks_once_for_what_a_pane_needs(session, engine):
    session.tick(0.0)
    lanes = [job.lane for job in engine.submitted]
    assert {"density/0", "field/0", "trajectories/0"} <= set(lanes)
    session.tick(0.0)
    assert len(engine.submitted) == len(lanes)


def test_that_a_scene_is_complete_once_all_that_the_present_document_asks_is_there(session, engine):
    session.tick(0.0)
    assert not session.is_complete
    _settle(session, engine)
    assert session.is_complete
    commands.set_field(session, "simulation.steps", 10, "Steps")
    assert not session.is_complete  # what is there answers the document before
    session.tick(0.0)
    assert not session.is_complete
    _settle(session, engine)
    assert session.is_complete


def test_that_an_undone_edit_is_answered_from_the_cache(session, engine):
    _settle(session, engine)
    commands.set_field(session, "simulation.steps", 10, "Steps")
    _settle(session, engine)
    asked = len(engine.submitted)
    session.store.undo()
    session.tick(0.0)
    assert session.is_complete
    assert len(engine.submitted) == asked


def test_that_one_change_leaves_other_results_alone(session, engine):
    _settle(session, engine)
    asked = len(engine.submitted)
    commands.set_field(session, "simulation.start_seed", 99, "Dice")
    session.tick(0.0)
    assert [job.lane for job in engine.submitted[asked:]] == ["trajectories/0"]


def test_that_panes_with_equal_needs_share_one_job(session, engine):
    _settle(session, engine)
    asked = len(engine.submitted)
    compare(session, COMPARISONS[2])
    session.tick(0.0)
    lanes = [job.lane for job in engine.submitted[asked:]]
    assert not [lane for lane in lanes if lane.startswith("density")]
    assert len([lane for lane in lanes if lane.startswith("trajectories")]) == 2


def test_that_every_remedy_with_a_button_can_be_carried_out(session):
    for remedy in Remedy:
        if remedy is not Remedy.NONE:
            remedies.apply(session, Guardrail(Section.MOTION, "Something is wrong.", remedy, 10))


def test_that_failures_are_told_and_refusals_are_not_alarms(session, engine):
    session.tick(0.0)
    engine.refuse(engine.in_lane("density/0")[-1], "It broke.", Refusal.FAILURE)
    engine.refuse(engine.in_lane("field/0")[-1], "Too few steps.", Refusal.BAD_INPUT)
    session.tick(0.0)
    assert session.said == ["It broke."]
    asked = len(engine.in_lane("density/0"))
    session.tick(0.0)
    assert len(engine.in_lane("density/0")) == asked


def test_that_an_empty_drawing_asks_for_nothing_and_a_stroke_for_everything(session, engine):
    commands.start_drawing(session)
    session.tick(0.0)
    assert not engine.in_lane("density/0")
    assert guardrails(session.store.document, session.results)[0].remedy is Remedy.DRAW
    commands.draw_segment(session, (0.0, 0.0), (1.0, 0.0), Brush())
    session.tick(0.0)
    assert isinstance(engine.in_lane("density/0")[-1].request.problem.target, DrawnSpec)


def test_that_a_stroke_is_one_undo_step_and_measures_wait_for_its_end(session, engine):
    commands.start_drawing(session)
    _settle(session, engine)
    empty, asked = session.store.document, len(engine.in_lane("measure/0"))
    for k in range(10):
        commands.draw_segment(session, (k / 10, 0.0), ((k + 1) / 10, 0.0), Brush())
        _settle(session, engine)
    assert len(engine.in_lane("measure/0")) == asked
    commands.end_stroke(session)
    _settle(session, engine)
    assert len(engine.in_lane("measure/0")) > asked
    assert session.store.undo_label == "Brush stroke"
    session.store.undo()
    assert session.store.document == empty


def test_that_langevin_is_drawn_over_the_target_itself(session, engine):
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    session.tick(0.0)
    assert engine.in_lane("density/0")[-1].request.times == (1.0,)


def test_that_the_moment_looked_at_is_computed_first(session, engine):
    session.playback.seek(0.5)
    session.tick(0.0)
    request = engine.in_lane("density/0")[-1].request
    assert request.times[request.order[0]] == 0.5


def test_that_a_setting_out_of_range_is_refused_and_changes_nothing(session):
    before = session.store.document
    with pytest.raises(ValueError, match="steps"):
        commands.set_field(session, "simulation.steps", 0, "Steps")
    assert session.store.document == before


def test_that_lanes_nobody_needs_are_cancelled(session, engine):
    compare(session, COMPARISONS[1])
    session.tick(0.0)
    commands.single_pane(session, FieldChoice.EXACT)
    session.tick(0.0)
    assert "trajectories/2" in engine.cancelled
    assert "trajectories/2" not in session.results.slots


def test_that_figures_do_not_stay_for_another_document(session, engine):
    _settle(session, engine)
    assert session.stage.shown(0, "measure") is not None
    session.open(Document(source=RingSpec()))
    session.tick(0.0)
    assert session.stage.shown(0, "measure") is None


def test_that_another_document_is_played_whole_and_from_its_start(session):
    session.playback.seek(0.4)
    session.playback.mark(True)
    session.open(Document(source=RingSpec()))
    assert session.playback.marks == (0.0, 1.0)
    assert session.playback.t == 0.0


def test_that_kept_results_are_bounded_in_number_too(session, engine, monkeypatch):
    monkeypatch.setattr(results, "CACHE_JOBS", 30)
    _settle(session, engine)
    for seed in range(100, 150):
        commands.set_field(session, "simulation.start_seed", seed, "Dice")
        session.tick(0.0)
        engine.finish_all()
        session.tick(0.0)
    _settle(session, engine)
    assert len(session.results._cache) <= 30 + len(session.results.slots)
    assert session.is_complete


def test_that_a_result_without_room_takes_that_of_what_is_only_remembered(session, engine):
    _settle(session, engine)
    commands.set_field(session, "simulation.start_seed", 99, "Dice")
    _settle(session, engine)
    kept, shown = len(session.results._cache), len(session.results.slots)
    assert kept > shown
    engine.room = 0
    commands.set_field(session, "simulation.start_seed", 98, "Dice")
    session.tick(0.0)
    assert len(session.results._cache) <= shown
    assert [job.lane for job in engine.submitted[-2:]] == ["trajectories/0", "trajectories/0"]


def test_that_what_found_no_room_is_told_and_asked_for_again_with_the_next_edit(session, engine):
    _settle(session, engine)
    engine.room = 0
    commands.set_field(session, "simulation.start_seed", 98, "Dice")
    session.tick(0.0)
    refused = session.results.slots["trajectories/0"].job
    assert (refused.result.shape, refused.result.ready) == (refused.request.shape, 0)
    session.tick(0.0)
    assert session.stage.shown(0, "trajectories") is None
    assert session.results.slots["trajectories/0"].refusal is Refusal.NO_ROOM
    assert session.said == ["There is no room."]
    asked = len(engine.submitted)
    session.tick(0.0)
    assert len(engine.submitted) == asked
    engine.room = 1000
    commands.set_field(session, "view.seconds", 5.0, "Pace")
    session.tick(0.0)
    assert [job.lane for job in engine.submitted[asked:]] == ["trajectories/0"]
    assert session.results.slots["trajectories/0"].problem == ""
