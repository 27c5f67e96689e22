"""Whatever a hand changes, no pane is headed by what is no more, and no two panes show the same."""

from __future__ import annotations

import re

import pytest

from fmstudio.document.document import Document
from fmstudio.document.gallery import ENTRIES
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS, SOLVER_TITLES
from fmstudio.document.specs.view import FieldChoice
from fmstudio.studio import panes
from fmstudio.studio.comparisons import COMPARISONS, compare
from fmstudio.studio.headings import OVERRIDES, kept_true
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

COMPARED = {entry.id: entry.make() for entry in ENTRIES if len(entry.make().view.panes) > 1}
EVERY_DYNAMICS = [spec() for spec in (*DYNAMICS, *MORE_DYNAMICS)]


@pytest.fixture(params=[*COMPARED, *(comparison.id for comparison in COMPARISONS)])
def session(request):
    compared = COMPARED.get(request.param, Document())
    session = Session(FakeEngine(), compared, [].append)
    for comparison in COMPARISONS:
        if comparison.id == request.param:
            compare(session, comparison)
    yield session
    session.close()


def titles(document: Document) -> list[str]:
    return [pane.title for pane in document.view.panes]


def alike(document: Document) -> int:
    """How many panes show what another shows."""
    nothing = dict.fromkeys(("title", "field", *OVERRIDES))
    shown = [
        (document.experiment(i), pane.model_copy(update=nothing))
        for i, pane in enumerate(document.view.panes)
    ]
    return len(shown) - len(set(shown))


def test_that_no_heading_holds_a_value_that_a_slider_has_changed(session):
    before = session.store.document
    was_alike = alike(before)
    for part in OVERRIDES:
        own = {getattr(before.experiment(i), part) for i in range(len(before.view.panes))} - {None}
        numbers = {
            (name, value)
            for spec in own
            for name in type(spec).model_fields
            if isinstance(value := getattr(spec, name), int | float) and not isinstance(value, bool)
        }
        for name, value in numbers:
            try:
                panes.set_everywhere(session, part, name, value + 1, "Change")
            except ValueError:
                continue  # out of range
            after = session.store.document
            assert alike(after) <= was_alike
            figure = rf"(?<![\d.−-]){re.escape(f'{value:g}'.replace('-', '−'))}(?![\d.])"
            for index, title in enumerate(titles(after)):
                was, now = (getattr(getattr(d.experiment(index), part), name, None) for d in (before, after))
                assert was != value or now == value or not re.search(figure, title), (part, name)
            session.store.settle()
            session.store.undo()
            assert session.store.document == before


@pytest.mark.parametrize("dynamics", EVERY_DYNAMICS, ids=lambda spec: spec.kind)
def test_that_no_heading_names_a_motion_that_another_has_replaced(session, dynamics):
    was_alike = alike(session.store.document)
    names = {str(spec.title) for spec in EVERY_DYNAMICS} | set(SOLVER_TITLES.values())
    panes.choose(session, "dynamics", dynamics, "Choose")
    document = session.store.document
    assert alike(document) <= was_alike
    for index, title in enumerate(titles(document)):
        now = document.experiment(index).dynamics
        true = {str(now.title), SOLVER_TITLES.get(getattr(now, "solver", ""), "")}
        assert title not in names - true


def test_that_no_heading_names_a_field_that_is_not_shown(session):
    for choice in FieldChoice:
        document = kept_true(session.store.document, session.store.document.showing(choice))
        for index, title in enumerate(titles(document)):
            other = {"Exact": FieldChoice.EXACT, "Learned": FieldChoice.LEARNED}.get(title)
            assert other in (None, document.experiment(index).field)


def test_that_an_edit_that_touches_no_heading_leaves_them(session):
    before = titles(session.store.document)
    panes.set_everywhere(session, "simulation", "particles", 777, "Change")
    assert titles(session.store.document) == before
