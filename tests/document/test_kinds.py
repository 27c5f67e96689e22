"""Every choice that has no settings states all that must be known of it, and is its own word in a file."""

from __future__ import annotations

import pickle

import pytest

from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.spec import Kind
from fmstudio.document.specs.training import MODEL_OBJECTIVES, Coupling, Objective, Trained

FAMILIES: tuple[type[Kind], ...] = (Coupling, Objective, DensityMethod, Quantity)
MEMBERS = [member for family in FAMILIES for member in family]


@pytest.mark.parametrize("member", MEMBERS, ids=repr)
def test_that_every_word_of_a_choice_is_said(member: Kind) -> None:
    words = {name: value for name, value in vars(member.facts).items() if isinstance(value, str)}
    assert [name for name, value in words.items() if not value] == []


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_that_two_choices_are_not_called_the_same(family: type[Kind]) -> None:
    assert len({member.facts.title for member in family}) == len(family)


@pytest.mark.parametrize("member", MEMBERS, ids=repr)
def test_that_a_choice_is_one_value_wherever_it_has_been(member: Kind) -> None:
    assert type(member)(str(member)) is member
    assert pickle.loads(pickle.dumps(member)) is member


def test_that_a_choice_without_facts_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="'red' must say its facts"):
        Kind("Colour", {"RED": "red"})


def test_that_the_facts_of_an_objective_go_together() -> None:
    for objective in Objective:
        facts = objective.facts
        assert facts.uses_path or not facts.regresses
        assert facts.regresses or not (facts.reflows or facts.knows_field)
        assert (objective in MODEL_OBJECTIVES) is (facts.makes is not Trained.CLASSIFIER)


@pytest.mark.parametrize("method", DensityMethod)
def test_that_a_map_whose_legend_names_its_scale_is_drawn_on_that_scale(method: DensityMethod) -> None:
    names_scale = any(words in method.facts.legend for words in ("in units of", "on the scale of"))
    assert method.facts.is_relative is names_scale
