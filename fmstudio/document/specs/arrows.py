"""What the arrows of a pane may show. What computes each is in ``engine.worker.tasks``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from fmstudio.document.specs.spec import Kind


@dataclass(frozen=True)
class QuantityFacts:
    """What everybody must know of a quantity."""

    title: str
    """in the menu"""
    exact: str
    """in a legend, of the closed form"""
    learned: str
    """in a legend, of a network"""
    is_chosen: bool = True
    """a person may ask for it by name"""


class Quantity(Kind):
    """What the arrows show."""

    facts: QuantityFacts

    VELOCITY = (
        "velocity",
        QuantityFacts("What moves the particles", "exact velocity uₜ", "learned velocity v"),
    )
    """u_t; as a person's choice what moves the particles, for a sampler the score of what it samples"""
    SCORE = "score", QuantityFacts("Score ∇log p", "exact score of pₜ", "learned score of pₜ")
    """grad log p_t"""
    FLUX = "flux", QuantityFacts("Flux pu", "exact flux pₜuₜ", "flux pₜv, exact times learned")
    """p_t, exact, times the velocity"""
    NAIVE_AVERAGE = (
        "naive-average",
        QuantityFacts(
            "Naive average over the data",
            "naive average: uₜ(x|z) over p_data, not over the posterior",
            "naive average: uₜ(x|z) over p_data, not over the posterior",
        ),
    )
    """the mean of u_t(x given z) over p_data instead of over the posterior (“Vector fields” post)"""
    DRIFT = "drift", QuantityFacts("Drift", "drift", "drift", is_chosen=False)
    """of a process, at parts of its duration"""


CHOSEN = tuple(quantity for quantity in Quantity if quantity.facts.is_chosen)
"""In the order in which they are offered."""


def _of_a_pane(quantity: Quantity) -> Quantity:
    if quantity not in CHOSEN:
        raise ValueError(f"arrows takes {', '.join(CHOSEN)}; a process shows its drift as its velocity")
    return quantity


ChosenQuantity = Annotated[Quantity, AfterValidator(_of_a_pane)]
"""What a document may ask for."""
