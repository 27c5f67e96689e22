"""Handles in a scene: whose, in which colour, and where they must not be."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import Component, GaussianMixtureSpec
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.render.palette import DARK, PALETTES, rgb
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import HandleLayer, without_handles
from fmstudio.studio.mixtures import Chosen, Handles
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

BOTH = frozenset(("source", "target"))
MIXED = Document(source=GaussianMixtureSpec(), target=GaussianMixtureSpec())


def scene_of(document, handles, palette=DARK):
    session = Session(FakeEngine(), document, print)
    session.tick(0.0)
    return Presenter(session.stage).scene(document, 0.5, palette, handles=handles)


def found(scene, pane=0):
    return [layer for layer in scene.panes[pane].layers if isinstance(layer, HandleLayer)]


@pytest.mark.parametrize("name", PALETTES)
def test_that_each_end_has_its_own_colour_and_the_chosen_one_lies_on_top(name):
    palette = PALETTES[name]
    for chosen, order in ((None, "st"), ("source", "ts"), ("target", "st")):
        handles = Handles(BOTH, None if chosen is None else Chosen(chosen, 0))
        layers = found(scene_of(MIXED, handles, palette))
        ends = {"s": palette.source, "t": palette.target}
        for layer, end in zip(layers, order, strict=True):
            assert layer.discs[-1].colour == palette.canvas or layer.discs[-1].colour == ends[end]
            colour = np.round(255 * np.array(rgb(ends[end])))
            np.testing.assert_array_equal(layer.lines[-1].colours[0, :3], colour)


def test_that_nothing_is_to_be_held_where_nobody_holds_it():
    assert found(scene_of(MIXED, Handles())) == []
    assert found(scene_of(Document(), Handles(BOTH))) == []
    assert found(without_handles(scene_of(MIXED, Handles(BOTH)))) == []


def test_that_the_chosen_one_alone_shows_its_axes_and_a_number_that_is_no_more_shows_none():
    plain, chosen, gone = (
        found(scene_of(MIXED, Handles(BOTH, one)))[-1]
        for one in (None, Chosen("target", 1), Chosen("target", 9))
    )
    assert len(chosen.lines[0].points) == len(plain.lines[0].points) + 2 == 5
    assert len(gone.lines[0].points) == 3
    tips = chosen.discs[-1].points
    ellipse = chosen.lines[0].points[1]
    assert all(np.hypot(*(ellipse - tip).T).min() < 0.05 for tip in tips)


def test_that_a_heavier_mean_is_larger():
    parts = (Component(mean=(0, 0), weight=4.0), Component(mean=(1, 0), weight=1.0))
    document = Document(target=GaussianMixtureSpec(components=parts))
    discs = [disc for disc in found(scene_of(document, Handles(BOTH)))[0].discs if disc.colour == DARK.target]
    sizes = {tuple(disc.points[0].tolist()): disc.size for disc in discs}
    assert sizes[0.0, 0.0] == pytest.approx(2 * sizes[1.0, 0.0], abs=1.5)


def test_that_a_pane_of_another_target_has_no_handles_of_this_one():
    view = ViewSpec(panes=(PaneSpec(), PaneSpec(target=MIXED.target)))
    scene = scene_of(Document(target=MIXED.target, view=view), Handles(BOTH))
    assert [len(found(scene, pane)) for pane in range(2)] == [1, 1]
    scene = scene_of(Document(view=view), Handles(BOTH))
    assert [len(found(scene, pane)) for pane in range(2)] == [0, 0]


def test_that_the_same_handles_are_the_same_arrays():
    one, two = (found(scene_of(MIXED, Handles(BOTH)))[0] for _ in range(2))
    assert one.lines[0].points is two.lines[0].points
