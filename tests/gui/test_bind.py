from __future__ import annotations

import gc
import weakref

from PySide6.QtWidgets import QWidget

from fmstudio.document.specs.path import VPSpec
from fmstudio.gui.bind import FieldEdit, watch
from fmstudio.studio import commands


class Ear(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[int] = []

    def hear(self, steps: int) -> None:
        self.heard.append(steps)


def test_that_a_watch_ends_with_its_widget(qtbot, session):
    ear = Ear()
    watch(ear, session.store, lambda d: d.simulation.steps, ear.hear)
    commands.set_field(session, "simulation.steps", 10, "Steps")
    assert ear.heard == [60, 10]
    watches, gone = len(session.store._watches), weakref.ref(ear)
    ear.deleteLater()
    del ear
    qtbot.wait(1)
    gc.collect()
    assert len(session.store._watches) == watches - 1
    assert gone() is None
    commands.set_field(session, "simulation.steps", 20, "Steps")


def test_that_a_drag_is_one_undo_step_and_the_next_drag_another(session, said):
    edit = FieldEdit(session, "simulation.steps", "Change steps", said.append)
    for last in (30, 90):
        edit.begin()
        assert session.is_interacting
        edit.drag(last - 10)
        edit.drag(last)
        edit.settle()
        assert not session.is_interacting
    session.store.undo()
    assert session.store.document.simulation.steps == 30
    session.store.undo()
    assert session.store.document.simulation.steps == 60


def test_that_a_refused_value_is_a_sentence_and_changes_nothing(session, said):
    commands.set_field(session, "path", VPSpec(), "Choose path")
    before = session.store.document
    FieldEdit(session, "path.beta_max", "Change", said.append).set(0.01)
    FieldEdit(session, "path.beta_min", "Change", said.append).set(99)
    assert session.store.document == before
    assert len(said) == 2
    assert all(sentence.endswith(".") and "Value error" not in sentence for sentence in said)
