from fmstudio.document.document import Document
from fmstudio.document.editing import with_field
from fmstudio.studio.store import Store


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
