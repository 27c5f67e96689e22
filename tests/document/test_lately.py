"""What was said is said again, of the same value and of no other."""

from __future__ import annotations

from fmstudio.document.document import Document
from fmstudio.document.lately import KEPT, lately


def test_that_it_is_asked_once_a_value_and_number_and_forgets_the_oldest():
    asked = []

    @lately
    def said(value: list[int], number: int) -> int:
        asked.append(number)
        return value[0] + number

    values = [[k] for k in range(KEPT)]
    assert [said(value, 1) for value in values] == [said(value, 1) for value in values]
    assert said(values[-1], 2) == KEPT + 1
    assert len(asked) == KEPT + 1
    assert said(values[0], 1) == 1
    assert len(asked) == KEPT + 2, "the oldest gave way to the last"


def test_that_an_edited_document_has_its_own_experiment():
    before = Document()
    shown = before.experiment(0)
    assert before.experiment(0) is shown
    after = before.model_copy(update={"simulation": before.simulation.model_copy(update={"steps": 7})})
    assert after.experiment(0).simulation.steps == 7
    assert before.experiment(0).simulation.steps == shown.simulation.steps
