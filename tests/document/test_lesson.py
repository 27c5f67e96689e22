"""A lesson in its file, and what of a document a moment is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pydantic import ValidationError

from fmstudio.document.document import MOST_MOMENTS, Document, Moment
from fmstudio.document.files import SaveError, load, save
from fmstudio.document.gallery_ends import heart
from fmstudio.document.lesson import at_moment, bare, is_as_kept, kept_at, moment_of
from fmstudio.document.migrations import migrate
from fmstudio.document.portrait import cat
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.document.specs.view import CameraSpec, PaneSpec, ViewSpec


def _with(document: Document, *moments: Moment) -> Document:
    return document.model_copy(update={"lesson": moments})


def _looking(document: Document) -> Document:
    view = document.view.model_copy(update={"camera": CameraSpec(half=1.5)})
    return document.model_copy(update={"view": view})


def test_that_a_lesson_of_drawings_survives_a_file_which_holds_each_drawing_once(tmp_path: Path) -> None:
    shown = Document(title="Mine", source=heart(), target=cat())
    lesson = tuple(moment_of(shown, t / 10, t == 3, f"At {t}", "Look.") for t in range(8))
    save(tmp_path / "lesson.fmstudio", _with(shown, *lesson))
    assert load(tmp_path / "lesson.fmstudio")[0] == _with(shown, *lesson)
    with ZipFile(tmp_path / "lesson.fmstudio") as archive:
        assert len([name for name in archive.namelist() if name.startswith("arrays/")]) == 2


def test_that_a_lesson_that_could_not_be_opened_again_is_not_written(tmp_path: Path) -> None:
    long = Document(view=ViewSpec(panes=(PaneSpec(title="x" * 50_000),)))
    document = _with(long, *(moment_of(long, 0.0, False) for _ in range(MOST_MOMENTS)))
    with pytest.raises(SaveError, match="Remove some moments"):
        save(tmp_path / "lesson.fmstudio", document)


def test_that_a_moment_holds_no_lesson() -> None:
    shown = _with(Document(), moment_of(Document(), 0.0, False))
    with pytest.raises(ValidationError, match="no lesson of its own"):
        Moment(document=shown)


def test_that_a_moment_is_shown_again_under_the_name_of_its_lesson() -> None:
    first, second = Document(title="Old"), Document(title="Mine", dynamics=SDESpec())
    document = _with(second, moment_of(first, 0.2, False), moment_of(second, 0.4, True))
    there = at_moment(document, 0)
    assert (there.title, there.lesson, there.dynamics) == ("Mine", document.lesson, first.dynamics)
    assert (kept_at(document), kept_at(there)) == (1, 0)


def test_that_looking_elsewhere_leaves_no_moment_and_an_edit_does() -> None:
    document = _with(Document(), moment_of(Document(), 0.0, False))
    assert is_as_kept(_looking(document), document.lesson[0])
    assert kept_at(document.model_copy(update={"dynamics": SDESpec()})) is None


def test_that_equal_documents_have_one_hash_whatever_their_lesson() -> None:
    document = Document(dynamics=SDESpec())
    assert hash(document) == hash(_with(document, moment_of(document, 0.0, False)))
    assert hash(document) != hash(Document())


def test_that_the_documents_of_moments_are_brought_up_to_date_as_well() -> None:
    def renamed(raw: dict[str, Any]) -> dict[str, Any]:
        return {"new" if name == "old" else name: value for name, value in raw.items()}

    shown = {"schema_version": 1, "old": 5}
    raw = {**shown, "lesson": [{"title": "a", "document": shown}, "nonsense"]}
    made = migrate(raw, current=2, migrations={1: renamed})
    now = {"schema_version": 2, "new": 5}
    assert made == {**now, "lesson": [{"title": "a", "document": now}, "nonsense"]}


def test_that_a_moment_keeps_no_name() -> None:
    assert bare(Document(title="a")) == bare(Document(title="b"))
