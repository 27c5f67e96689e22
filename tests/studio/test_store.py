from pathlib import Path

import pytest

from fmstudio.document.document import Document
from fmstudio.document.editing import with_field
from fmstudio.document.specs.view import CameraSpec
from fmstudio.studio.store import Entry, Store


def _steps(store: Store, steps: int, merge_key: str | None = None) -> None:
    store.edit(lambda d: with_field(d, "simulation.steps", steps), f"Steps {steps}", merge_key)


def test_that_undo_and_redo_visit_the_same_documents():
    store = Store(Document())
    seen = [store.document]
    for steps in (10, 20, 30):
        _steps(store, steps)
        seen.append(store.document)
    for expected in reversed(seen[:-1]):
        store.undo()
        assert store.document == expected
    for expected in seen[1:]:
        store.redo()
        assert store.document == expected
    assert store.redo() is None


def test_that_a_drag_is_one_undo_step_until_it_settles():
    store = Store(Document())
    first = store.document
    for steps in range(10, 30):
        _steps(store, steps, "drag")
    store.settle()
    middle = store.document
    for steps in range(40, 60):
        _steps(store, steps, "drag")
    store.undo()
    assert store.document == middle
    store.undo()
    assert store.document == first
    assert store.undo() is None


def test_that_an_edit_that_changes_nothing_is_no_edit():
    store = Store(Document())
    _steps(store, store.document.simulation.steps)
    assert store.undo_label is None
    assert not store.is_dirty


def test_that_a_watcher_hears_only_of_its_own_value():
    store = Store(Document())
    heard: list[int] = []
    watch = store.watch(lambda d: d.simulation.particles, heard.append)
    _steps(store, 10)
    assert heard == []
    store.edit(lambda d: with_field(d, "simulation.particles", 500), "Particles")
    store.undo()
    assert heard == [500, 2000]
    watch.stop()
    store.redo()
    assert heard == [500, 2000]


def test_that_undo_back_to_the_saved_document_is_clean():
    store = Store(Document())
    _steps(store, 10)
    store.mark_saved()
    _steps(store, 20)
    assert store.is_dirty
    store.undo()
    assert not store.is_dirty


@pytest.mark.parametrize("camera", [CameraSpec(x=1.0, half=0.5), CameraSpec(half=9.0)])
def test_that_looking_elsewhere_is_no_edit_and_undo_takes_no_look_back(camera):
    store = Store(Document())
    store.look(camera)
    assert store.undo_label is None
    assert not store.is_dirty
    _steps(store, 10)
    store.look(None)
    store.look(camera)
    store.undo()
    assert store.document.view.camera == camera
    assert not store.is_dirty
    store.redo()
    assert store.document.view.camera == camera
    assert store.is_dirty


def _lefts(store: Store) -> tuple[Entry, ...]:
    return tuple(entry for entry in store.openings if entry.left_unsaved)


def test_that_opening_is_undone_as_one_step_with_the_file_and_what_is_unsaved_in_it():
    store, first, second = Store(Document()), Path("first.fmstudio"), Path("second.fmstudio")
    store.open(Document(title="first"), first)
    _steps(store, 10)
    mine = store.document
    assert _lefts(store) == ()
    store.open(Document(title="second"), second)
    assert store.name == "second"
    assert not store.is_dirty
    (left,) = _lefts(store)
    assert left.before == mine
    assert store.undo() == "Open second"
    assert (store.document, store.name, store.origin.path) == (mine, "first", first)
    assert store.is_dirty
    store.redo()
    assert (store.name, store.origin.path, store.is_dirty) == ("second", second, False)
    _steps(store, 20)
    store.go_back(left)
    assert store.document == mine
    assert _lefts(store) == ()


def test_that_what_was_saved_before_another_was_opened_is_not_lost():
    store = Store(Document())
    _steps(store, 10)
    store.mark_saved(Path("mine.fmstudio"))
    store.open(Document(title="other"))
    assert _lefts(store) == ()


def test_that_what_was_saved_after_it_was_undone_or_redone_is_not_lost():
    """What is left or opened is as it was saved last, not as it was before the step was taken back."""
    store = Store(Document())
    _steps(store, 10)
    store.open(Document(title="other"))
    store.undo()
    store.mark_saved(Path("mine.fmstudio"))
    store.redo()
    assert _lefts(store) == ()
    store.mark_saved(Path("other.fmstudio"))
    store.undo()
    assert (store.name, store.is_dirty) == ("mine", False)
    store.redo()
    assert (store.name, store.is_dirty) == ("other", False)


def test_that_saving_is_no_edit_and_names_what_is_shown():
    store = Store(Document())
    store.mark_saved(Path("mine.fmstudio"))
    assert store.name == "mine"
    assert store.undo_label is None
    _steps(store, 10)
    assert store.undo() is not None
    assert not store.is_dirty
