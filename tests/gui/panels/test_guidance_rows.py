"""Guidance: switched among the settings of the field, steered in the motion panel."""

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import FiveModesSpec, SCurveSpec
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


def test_that_nothing_is_offered_for_a_target_without_labels(session, show):
    choice = show(FieldPanel).guidance
    assert not choice.isHidden()
    commands.choose_target(session, SCurveSpec())
    assert choice.isHidden()


def test_that_a_comparison_of_scales_moves_together(session, show):
    panes = tuple(PaneSpec(title=f"{s}", guidance=GuidanceSpec(scale=s)) for s in (1.0, 2.0))
    session.open(Document(target=FiveModesSpec(), view=ViewSpec(panes=panes)))
    rows = show(MotionPanel).guidance
    rows.scale.chosen.emit(5.0)
    assert [p.guidance.scale for p in session.store.document.view.panes] == [5.0, 5.0]
