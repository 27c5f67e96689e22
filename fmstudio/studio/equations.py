"""The equation of each motion, where it is from, and what to look for. Pure text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Equation:
    """``markup`` is rich text (sub, sup); ``source`` names document and number."""

    markup: str
    source: str
    words: str


EQUATIONS: dict[str, Equation] = {
    "ode": Equation(
        "dX<sub>t</sub> = u<sub>t</sub>(X<sub>t</sub>) dt",
        "001 eq 20",
        "The field alone carries the source to the target; the paths of two particles never cross.",
    ),
    "sde": Equation(
        "dX<sub>t</sub> = (u<sub>t</sub> + ½ σ<sub>t</sub><sup>2</sup> ∇log p<sub>t</sub>) dt "
        "+ σ<sub>t</sub> dW<sub>t</sub>",
        "001 Thm 2.3",
        "Noise pushes particles about; the score pulls them back. "
        "Together they leave every p<sub>t</sub> as it was, whatever σ is.",
    ),
    "reverse-sde": Equation(
        "dX<sub>t</sub> = (u<sub>t</sub> + ½ g<sub>t</sub><sup>2</sup> ∇log p<sub>t</sub>) dt "
        "+ g<sub>t</sub> dW<sub>t</sub>",
        "002 eq 26–28",
        "The path's own noising run backwards: σ is g, the coefficient with which the data turn into noise.",
    ),
    "langevin": Equation(
        "dX<sub>s</sub> = ½ σ<sup>2</sup> ∇log p<sub>data</sub>(X<sub>s</sub>) ds + σ dW<sub>s</sub>",
        "001 eq 31",
        "The target stays as it is and particles climb its log-density under noise. "
        "Near modes they settle fast; between modes they cross slowly.",
    ),
}
"""By the kind of the dynamics."""
