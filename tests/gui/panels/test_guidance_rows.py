"""Guidance: switched among the settings of the field, steered in the motion panel."""

import numpy as np

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import FiveModesSpec, PointsSpec, SCurveSpec
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.studio import commands


def test_that_scale_and_label_are_there_while_something_is_guided(session, show):
    session.open(Document(target=FiveModesSpec()))
    method, rows = show(FieldPanel).guidance.method, show(MotionPanel).guidance
    assert rows.isHidden()
    method.picked.emit(GuidanceMethod.EXACT.value)
    assert session.store.document.guidance == GuidanceSpec()
    assert not rows.isHidden()
    rows.scale.chosen.emit(3.0)
    rows.label.chosen.emit(2)
    assert session.store.document.guidance == GuidanceSpec(scale=3.0, label=2)
    method.picked.emit("")
    assert session.store.document.guidance is None
    assert rows.isHidden()


def labelled(names: tuple[str, ...]) -> PointsSpec:
    codes = np.arange(30) % len(names)
    points = np.random.default_rng(0).normal(size=(30, 2)) + 2 * codes[:, None]
    return PointsSpec(points=FrozenArray(points), labels=FrozenArray(codes), label_names=names)


def test_that_labels_of_a_file_are_chosen_by_their_names(session, show):
    session.open(Document(target=labelled(("setosa", "7", "virginica")), guidance=GuidanceSpec(label=2)))
    rows = show(MotionPanel).guidance
    box = rows.name.box
    assert rows.label.isHidden()
    assert [box.itemText(row) for row in range(box.count())] == ["setosa", "7", "virginica"]
    assert box.currentText() == "virginica"
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert session.store.document.guidance == GuidanceSpec(label=1)
    session.store.undo()
    assert box.currentText() == "virginica"
    commands.set_field(session, "target", labelled(("a", "b", "c", "d")), "Choose target")
    assert box.currentText() == "c"
    commands.set_field(session, "target", FiveModesSpec(), "Choose target")
    assert rows.name.isHidden()
    assert not rows.label.isHidden()


def test_that_nothing_is_offered_for_a_target_without_labels(session, show):
    choice = show(FieldPanel).guidance
    assert not choice.isHidden()
    commands.set_field(session, "target", SCurveSpec(), "Choose target")
    assert choice.isHidden()


def test_that_a_comparison_of_scales_moves_together(session, show):
    panes = tuple(PaneSpec(title=f"{s}", guidance=GuidanceSpec(scale=s)) for s in (1.0, 2.0))
    session.open(Document(target=FiveModesSpec(), view=ViewSpec(panes=panes)))
    rows = show(MotionPanel).guidance
    rows.scale.chosen.emit(5.0)
    assert [p.guidance.scale for p in session.store.document.view.panes] == [5.0]  # alike now
