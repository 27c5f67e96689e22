"""The equation of each motion, where it is from, and what to look for. Pure text."""

from __future__ import annotations

from dataclasses import dataclass

from fmstudio.document.document import Experiment
from fmstudio.document.references import Citations, cite
from fmstudio.document.scores import why_no_flow
from fmstudio.studio.motions import is_the_bridge


@dataclass(frozen=True)
class Equation:
    """``markup`` is rich text (sub, sup); ``sources`` say where it can be looked up."""

    markup: str
    sources: Citations
    words: str


REALNVP = "realnvp"

EQUATIONS: dict[str, Equation] = {
    "ode": Equation(
        "dX<sub>t</sub> = u<sub>t</sub>(X<sub>t</sub>) dt",
        (cite("MIT6S184", "eq 20"),),
        "The field alone carries the source to the target; the paths of two particles never cross.",
    ),
    "sde": Equation(
        "dX<sub>t</sub> = (u<sub>t</sub> + ½ σ<sub>t</sub><sup>2</sup> ∇log p<sub>t</sub>) dt "
        "+ σ<sub>t</sub> dW<sub>t</sub>",
        (cite("MIT6S184", "Thm 2.3"),),
        "Noise pushes particles about; the score pulls them back. "
        "Together they leave every p<sub>t</sub> as it was, whatever σ is.",
    ),
    "reverse-sde": Equation(
        "dX<sub>t</sub> = (u<sub>t</sub> + ½ g<sub>t</sub><sup>2</sup> ∇log p<sub>t</sub>) dt "
        "+ g<sub>t</sub> dW<sub>t</sub>",
        (cite("Chen2024", "eq 26–28"),),
        "The path's own noising run backwards: σ is g, the coefficient with which the data turn into noise.",
    ),
    "langevin": Equation(
        "dX<sub>s</sub> = ½ σ<sup>2</sup> ∇log p<sub>data</sub>(X<sub>s</sub>) ds + σ dW<sub>s</sub>",
        (cite("MIT6S184", "eq 31"),),
        "The target stays as it is and particles climb its log-density under noise. "
        "Near modes they settle fast; between modes they cross slowly.",
    ),
    "probability-flow": Equation(
        "dX<sub>t</sub> = ((α′/α) X<sub>t</sub> + ½ g<sub>t</sub><sup>2</sup> ∇log p<sub>t</sub>) dt",
        (cite("Chen2024", "sec 6–7"),),
        "The diffusion model's ODE, written with the score alone. "
        "It is the same field as the flow's, and its particles take the same paths.",
    ),
    "interpolant": Equation(
        "X<sub>t</sub> = α<sub>t</sub> z + β<sub>t</sub> X<sub>0</sub>,  (X<sub>0</sub>, z) ~ coupling",
        (cite("Khungurn2024", "Thm 2"), cite("Liao2024")),
        "Each particle goes straight to a partner: exact samples of p<sub>t</sub>, "
        "and the lines that conditional flow matching learns from. Where they cross, the flow must bend.",
    ),
    "annealed-langevin": Equation(
        "dX<sub>s</sub> = ½ σ<sub>t</sub><sup>2</sup> ∇log p<sub>t</sub>(X<sub>s</sub>) ds "
        "+ σ<sub>t</sub> dW<sub>s</sub>,  t = s/S",
        (cite("MIT6S184", "eq 31"), cite("Chen2024", "sec 1")),
        "Langevin steps on a target that sharpens while they run: modes are found while they are still "
        "joined. With too little noise or too short a time S the particles lag behind p<sub>t</sub>.",
    ),
    "linear-flow": Equation(
        "dX<sub>t</sub> = −θ X<sub>t</sub> dt,  X<sub>t</sub> = e<sup>−θt</sup> X<sub>0</sub>",
        (cite("MIT6S184", "Ex 1.1 (eq 3)"),),
        "Every point is drawn to the origin, the faster the farther it is. "
        "A flow warps the whole plane and tears it nowhere.",
    ),
    "brownian-motion": Equation(
        "dX<sub>t</sub> = dW<sub>t</sub>,  W<sub>t+h</sub> = W<sub>t</sub> + √h ε",
        (cite("MIT6S184", "eq 5"),),
        "Noise alone. The spread grows like √t, and no path remembers where it has been.",
    ),
    "ornstein-uhlenbeck": Equation(
        "dX<sub>t</sub> = −θ X<sub>t</sub> dt + σ dW<sub>t</sub>",
        (cite("MIT6S184", "Ex 1.2 (eq 8)"),),
        "A pull to the origin against noise. They balance at N(0, σ<sup>2</sup>/2θ), whatever the start was.",
    ),
    "noising": Equation(
        "dX<sub>s</sub> = −(α′/α) X<sub>s</sub> ds + g<sub>s</sub> dW<sub>s</sub>,  s = 1 − t",
        (cite("Chen2024", "sec 2 (eq 18–22)"),),
        "The forward half of a diffusion model: data at s = 0 dissolve into noise at s = 1. "
        "Mean and variance given the data are known at every s.",
    ),
    "linear-sde": Equation(
        "dX<sub>t</sub> = (a(t) X<sub>t</sub> + b) dt + g(t) dW<sub>t</sub>",
        (cite("Chen2024", "eq 6–15"),),
        "a = a<sub>0</sub> + a<sub>1</sub>t stretches or pulls, b pushes, g = g<sub>0</sub> + g<sub>1</sub>t "
        "shakes. From a normal start X<sub>t</sub> stays normal, with a mean and a variance in closed form.",
    ),
    REALNVP: Equation(
        "x<sub>a</sub>′ = x<sub>a</sub> exp(s(x<sub>b</sub>)) + m(x<sub>b</sub>),  "
        "x<sub>b</sub>′ = x<sub>b</sub>",
        (cite("Liao2024"),),
        "No differential equation: each coupling moves one coordinate by the other, and time walks from "
        "layer to layer, straight in between.",
    ),
}
"""By the kind of the dynamics, and RealNVP, which has none."""

_BRIDGED = "u<sub>t</sub> = ½ σ<sup>2</sup> (∇log g<sub>t</sub> − ∇log f<sub>t</sub>),  "
_SPLIT = "p<sub>t</sub> = f<sub>t</sub> g<sub>t</sub>"

WAYS: dict[str, Equation] = {
    "independent": Equation(
        "u<sub>t</sub> = E[α′z + β′X<sub>0</sub> | X<sub>t</sub>] "
        "− γ<sub>t</sub>γ<sub>t</sub>′ ∇log p<sub>t</sub>",
        (cite("AlbergoBoffi2023"),),
        "The noise γ<sub>t</sub> w, γ<sub>t</sub> = γ√(t(1 − t)), smooths every p<sub>t</sub> on the way; "
        "its own part of the velocity takes it back before the end.",
    ),
    "bridge": Equation(
        _BRIDGED + _SPLIT,
        (cite("Leonard2014"), cite("TongSF2M2023")),
        "In u<sub>t</sub>, σ is that of the bridge: f<sub>t</sub> and g<sub>t</sub> are the potentials of "
        "source and target, blurred by its noise so far and by that to come.",
    ),
    "ot": Equation(
        _BRIDGED + _SPLIT,
        (cite("Leonard2014"), cite("Bunne2022")),
        "In u<sub>t</sub>, σ is the least that can be computed: f<sub>t</sub> and g<sub>t</sub> are the "
        "potentials of source and target, hardly blurred, and particles go straight.",
    ),
}
"""What u_t and p_t are between ends that are joined, by the kind of the coupling; of independent ends, with
noise on the way."""

BRIDGE_ITSELF = Equation(
    "dX<sub>t</sub> = σ<sup>2</sup> ∇log g<sub>t</sub>(X<sub>t</sub>) dt + σ dW<sub>t</sub>,  " + _SPLIT,
    (cite("Leonard2014"), cite("MIT6S184", "Thm 2.3")),
    "The bridge itself: of all ways between the ends, the likeliest under noise σ. g<sub>t</sub> is the "
    "target's potential, blurred by the noise to come.",
)
"""The SDE with the noise of the bridge that joins its ends: u_t + sigma^2/2 grad log p_t is this drift."""


def equations_of(experiment: Experiment) -> tuple[Equation, ...]:
    """What moves the particles and, where the ends are joined, what u_t and p_t are in it."""
    if experiment.is_layered:
        return (EQUATIONS[REALNVP],)
    if is_the_bridge(experiment) and not experiment.is_learned:
        return (BRIDGE_ITSELF,)
    motion, way = EQUATIONS[experiment.dynamics.kind], WAYS[experiment.coupling.kind]
    if not experiment.is_joined:
        return (motion,)
    return (way,) if why_no_flow(experiment.dynamics, experiment.problem) else (motion, way)
