from __future__ import annotations

from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS
from fmstudio.studio.equations import EQUATIONS, REALNVP


def test_that_every_motion_has_its_equation_with_document_and_number():
    kinds = {spec.model_fields["kind"].default for spec in (*DYNAMICS, *MORE_DYNAMICS)}
    assert set(EQUATIONS) == kinds | {REALNVP}
    assert all(equation.sources[0].reference.about and equation.words for equation in EQUATIONS.values())
