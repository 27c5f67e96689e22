"""Guidance in the motion panel follows the document and edits it."""

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import FiveModesSpec, SCurveSpec
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.studio import commands


def test_that_scale_and_label_are_there_while_something_is_guided(session, show):
    session.open(Document(target=FiveModesSpec()))
    rows = show(MotionPanel).guidance
    assert not rows.isHidden()
    assert rows.scale.isHidden()
    rows.method.picked.emit(GuidanceMethod.EXACT.value)
    assert session.store.document.guidance == GuidanceSpec()
    assert not rows.scale.isHidden()
    rows.scale.chosen.emit(3.0)
    rows.label.chosen.emit(2)
    assert session.store.document.guidance == GuidanceSpec(scale=3.0, label=2)
    rows.method.picked.emit("")
    assert session.store.document.guidance is None
    assert rows.scale.isHidden()


def test_that_nothing_is_offered_for_a_target_without_labels(session, show):
    rows = show(MotionPanel).guidance
    commands.choose_target(session, SCurveSpec())
    session.tick(0.0)
    assert rows.isHidden()


def test_that_a_comparison_of_scales_moves_together(session, show):
    panes = tuple(PaneSpec(title=f"{s}", guidance=GuidanceSpec(scale=s)) for s in (1.0, 2.0))
    session.open(Document(target=FiveModesSpec(), view=ViewSpec(panes=panes)))
    rows = show(MotionPanel).guidance
    rows.scale.chosen.emit(5.0)
    assert [p.guidance.scale for p in session.store.document.view.panes] == [5.0, 5.0]
