"""The gallery: every entry is a whole document with words for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fmstudio.document.files import load, save
from fmstudio.document.gallery import ENTRIES, LESSONS, Entry
from fmstudio.document.lesson import kept_at
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.resources import asset

each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)


def test_that_there_are_entries_for_the_first_version_and_ids_are_unique() -> None:
    ids = [entry.id for entry in ENTRIES]
    assert len(set(ids)) == len(ids)
    assert {"two-moons", "schedules", "langevin-five-modes", "drawn-target", "ode-and-sde"} <= set(ids)
    assert ids[0] == "two-moons"


@each
def test_that_an_entry_says_what_one_sees_why_and_what_to_try(entry: Entry) -> None:
    paragraphs = entry.caption.split("\n\n")
    assert len(paragraphs) == 3
    assert paragraphs[2].startswith("Try: ")
    assert entry.sources[0].reference.about  # one of the five documents
    assert entry.equations


@each
def test_that_an_entry_is_the_same_document_each_time_and_survives_a_file(
    entry: Entry, tmp_path: Path
) -> None:
    document = entry.make()
    assert document == entry.make()
    assert document.title == entry.title
    save(tmp_path / "entry.fmstudio", document)
    assert load(tmp_path / "entry.fmstudio")[0] == document


@each
def test_that_panes_of_a_comparison_are_named_and_differ(entry: Entry) -> None:
    document = entry.make()
    panes = document.view.panes
    assert len(panes) in (1, 2, 3, 4, 6)
    if len(panes) > 1:
        assert all(pane.title for pane in panes)
        shown = {(document.experiment(i), p.model_copy(update={"title": ""})) for i, p in enumerate(panes)}
        assert len(shown) == len(panes)


def test_that_every_caption_belongs_to_an_entry() -> None:
    ids = {path.stem for path in asset("gallery").glob("*.txt")}
    assert ids == {entry.id for entry in ENTRIES}


def test_that_the_shipped_drawing_stands_upright() -> None:
    target = next(entry for entry in ENTRIES if entry.id == "drawn-target").make().target
    assert isinstance(target, DrawnSpec)
    mass = target.raster.values
    top = np.nonzero(mass.sum(axis=1))[0].max()
    assert len(np.nonzero(np.diff(np.sign(mass[top - 3])))[0]) == 4  # two ears, and they are on top


def _shade(entry: Entry, theme: str) -> float:
    with Image.open(asset(f"gallery/{entry.id}{theme}.png")) as card:
        return float(np.asarray(card.convert("L"), float).mean())


@each
def test_that_its_card_is_drawn_for_either_theme(entry: Entry) -> None:
    assert _shade(entry, "") < 110 < _shade(entry, "-light")


def test_that_each_lesson_opens_at_its_first_moment_and_all_its_words_can_be_read() -> None:
    lessons = [entry for entry in ENTRIES if entry.group == LESSONS]
    assert [entry.title for entry in lessons] == [
        "From noise to data",
        "Why not just average?",
        "One field, many motions",
        "Between any two drawings",
    ]
    for entry in lessons:
        document = entry.make()
        assert kept_at(document) == 0
        assert 5 <= len(document.lesson) <= 8
        assert len({moment.title for moment in document.lesson}) == len(document.lesson)
        assert all(moment.title and moment.caption.endswith((".", "?")) for moment in document.lesson)
