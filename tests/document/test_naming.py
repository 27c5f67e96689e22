"""A document is called by what it shows."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.editing import with_field
from fmstudio.document.gallery import ENTRIES, LESSONS
from fmstudio.document.naming import renamed
from fmstudio.document.specs.distribution import BUILT_INS, DrawnSpec, PointsSpec
from fmstudio.document.specs.dynamics import BrownianMotionSpec, LangevinSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec

NAMED = Document(title="Two moons, by hand")


@pytest.mark.parametrize("spec", BUILT_INS)
def test_that_another_target_gives_its_name(spec):
    after = renamed(NAMED, NAMED.model_copy(update={"target": spec()}))
    assert after.title == (NAMED.title if spec().kind == NAMED.target.kind else spec.title)


def test_that_drawings_and_files_have_names_of_their_own():
    points = PointsSpec(points=FrozenArray(np.zeros((4, 2), np.float32)), name="cells.csv")
    for target, name in (
        (DrawnSpec(), "Drawing"),
        (DrawnSpec(name="cat.png"), "cat.png"),
        (points, "cells.csv"),
    ):
        assert renamed(NAMED, NAMED.model_copy(update={"target": target})).title == name


@pytest.mark.parametrize(
    "change",
    [
        {"dynamics": LangevinSpec()},
        {"view": NAMED.view.model_copy(update={"panes": (PaneSpec(field=FieldChoice.LEARNED),)})},
    ],
)
def test_that_another_motion_or_field_ends_the_given_name(change):
    assert renamed(NAMED, NAMED.model_copy(update=change)).title == "Two moons"


def test_that_a_motion_without_a_target_is_its_own_subject():
    after = renamed(NAMED, NAMED.model_copy(update={"dynamics": BrownianMotionSpec()}))
    assert after.title == BrownianMotionSpec.title


def test_that_a_figure_a_stroke_or_a_name_given_by_hand_keeps_the_name():
    assert renamed(NAMED, with_field(NAMED, "simulation.steps", 7)).title == NAMED.title
    assert renamed(NAMED, with_field(NAMED, "target.noise", 0.2)).title == NAMED.title
    given = NAMED.model_copy(update={"title": "mine", "target": DrawnSpec()})
    assert renamed(NAMED, given) is given


EXPERIMENTS = [entry for entry in ENTRIES if entry.group != LESSONS]
"""A lesson keeps its name, whatever its moments show."""


@pytest.mark.parametrize("entry", EXPERIMENTS, ids=lambda entry: entry.id)
def test_that_every_gallery_entry_loses_its_title_with_its_target(entry):
    document = entry.make()
    panes = tuple(pane.model_copy(update={"target": None}) for pane in document.view.panes)
    drawn = {"target": DrawnSpec(), "view": document.view.model_copy(update={"panes": panes})}
    title = renamed(document, document.model_copy(update=drawn)).title
    follows = any(document.experiment(i).dynamics.follows_target for i in range(len(panes)))
    assert ("Drawing" in title) if follows else title
