"""Source and target change places."""

from __future__ import annotations

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import PinwheelSpec, RingSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.studio import panes
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


def test_that_the_ends_of_every_pane_change_places_and_undo_takes_it_back() -> None:
    shown = (PaneSpec(target=PinwheelSpec()), PaneSpec(source=RingSpec(), target=PinwheelSpec()))
    document = Document(caption="Of two moons.", view=ViewSpec(panes=shown))
    session = Session(FakeEngine(), document, print)
    panes.swap_ends(session)
    after = session.store.document
    assert (after.source, after.target, after.caption) == (TwoMoonsSpec(), StandardNormalSpec(), "")
    ends = [(after.experiment(i).source, after.experiment(i).target) for i in (0, 1)]
    assert ends == [(PinwheelSpec(), StandardNormalSpec()), (PinwheelSpec(), RingSpec())]
    assert session.store.undo() == "Swap source and target"
    assert session.store.document == document
    session.close()
