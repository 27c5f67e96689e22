import pytest

from fmstudio.document.document import Document
from fmstudio.document.editing import SettingError, with_field, with_text
from fmstudio.document.specs.path import VPSpec


@pytest.mark.parametrize(
    ("assignment", "read"),
    [
        ("model.width=96", lambda d: d.model.width == 96),
        ("training.learning_rate=1e-3", lambda d: d.training.learning_rate == 1e-3),
        ("path.kind=vp", lambda d: d.path == VPSpec()),
        ("target.kind=pinwheel", lambda d: d.target.kind == "pinwheel"),
        ("target.noise=0.2", lambda d: d.target.noise == 0.2),
        ("view.panes.0.layers.density=false", lambda d: not d.view.panes[0].layers.density),
        ("title=a = b", lambda d: d.title == "a = b"),
        ("target.shift=[1, 2]", lambda d: d.target.shift == (1, 2)),
    ],
)
def test_that_any_field_can_be_reached_from_text(assignment, read):
    changed = with_text(Document(), assignment)
    assert read(changed)
    assert changed != Document()


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("model.widht=3", "did you mean 'width'"),
        ("model.width", "path.to.field=value"),
        ("model.width=3", "greater than or equal to 8"),
        ("path.kind=vpp", "vpp"),
        ("title.more=3", "nothing below"),
        ("view.panes.4.title=x", "0 to 0"),
        ("simulation.steps=NaN", "simulation.steps"),
    ],
)
def test_that_a_slip_gets_one_sentence_that_names_the_field(assignment, words):
    with pytest.raises(SettingError, match=words) as caught:
        with_text(Document(), assignment)
    assert "\n" not in str(caught.value)


def test_that_what_was_not_named_stays_the_same_object():
    document = Document()
    changed = with_field(document, "model.width", 96)
    assert changed.view is document.view
    assert changed.target is document.target
