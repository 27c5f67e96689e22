"""Each stage of a training step as a sentence with its numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from fmstudio.document.specs.training import Coupling, Fitted, Trained
from fmstudio.document.specs.units import PLANE, Units
from fmstudio.studio import written
from fmstudio.studio.one_step import Place, Seen, Stage

Words = tuple[str, str]
"""Some words, and the palette role of what they name ('' for none)."""

TITLES = {
    Stage.TIME: "A time",
    Stage.PAIR: "A pair",
    Stage.WAY: "A place on its way",
    Stage.TARGET: "What is asked there",
    Stage.ANSWER: "What the network answers",
    Stage.ERROR: "The error",
    Stage.UPDATE: "The update",
}


def title(seen: Seen) -> str:
    """'Step 201, 3 of 7: …'."""
    step = 1 + (seen.request.learned.step if seen.request.learned is not None else 0)
    return f"Step {step:,} · {seen.stage + 1} of {len(Stage)} · {TITLES[seen.stage]}"


def asked_role(seen: Seen) -> str:
    """The colour of what is asked: the exact field's, or the target's."""
    return "exact" if _fits(seen) is Fitted.FIELD else "target"


def sentence(seen: Seen) -> tuple[Words, ...]:
    """What happens at this stage."""
    return tuple(_SENTENCES[seen.stage](seen))


def _fits(seen: Seen) -> Fitted:
    return seen.request.training.objective.facts.fits


def _has_score(seen: Seen) -> bool:
    return seen.request.training.objective.facts.makes is Trained.FLOW_AND_SCORE


def _place(seen: Seen, at: Place) -> str:
    units = seen.request.problem.units
    x, y = units.from_plane(at).tolist()
    return written.place(units, x, y)


def _arrow(seen: Seen, along: Place) -> str:
    """A velocity, in the file's units; a noise has none."""
    units: Units = PLANE if _fits(seen) is Fitted.NOISE else seen.request.problem.units
    x, y = units.length(along).tolist()
    return written.place(units, x, y)


def _loss(seen: Seen, value: float) -> str:
    told = seen.request.training.objective.facts.unit
    return written.figure(told.in_units(value, seen.request.problem.units))


def _time(seen: Seen) -> Iterator[Words]:
    yield f"A batch has {seen.request.training.batch_size:,} pairs, each with a time of its own. ", ""
    yield f"For this one t = {seen.told.t:.2f} is drawn.", ""


def _pair(seen: Seen) -> Iterator[Words]:
    joined, own = seen.request.problem.coupling, seen.request.training.coupling
    as_joined = own is Coupling.INDEPENDENT and not joined.is_independent
    paired = f"by the {joined.called}" if as_joined else own.facts.paired
    yield "Drawn from the source: ", ""
    yield f"x₀ = {_place(seen, seen.told.x_0)}", "source"
    yield ", from the target: ", ""
    yield f"z = {_place(seen, seen.told.z)}", "target"
    yield f", paired {paired}.", ""


def _way(seen: Seen) -> Iterator[Words]:
    told, noisy = seen.told, not seen.request.problem.coupling.is_plain
    yield f"At t the pair is at x_t = {told.alpha:.2f} ", ""
    yield "z", "target"
    yield f" + {told.beta:.2f} ", ""
    yield "x₀", "source"
    yield f"{' + noise' if noisy else ''} = {_place(seen, told.x_t)}. The network sees x_t and t alone.", ""


def _target(seen: Seen) -> Iterator[Words]:
    asked = _arrow(seen, seen.told.asked)
    if _fits(seen) is Fitted.NOISE:
        yield "To be learned there is the noise in x_t: ", ""
        yield f"x₀ = {asked}", "target"
        yield ".", ""
    elif _fits(seen) is Fitted.FIELD:
        yield "To be learned there is the exact velocity of all pairs that pass: ", ""
        yield f"u = {asked}", "exact"
        yield ".", ""
    else:
        yield "To be learned there is the velocity of this pair, ", ""
        yield asked, "target"
        yield ". Other pairs pass here with other ones; their mean is what can be learned.", ""
        if _has_score(seen):
            yield " A second network is asked for the score of the noise on the way.", ""


def _answer(seen: Seen) -> Iterator[Words]:
    yield "The network, asked for the " + ("noise" if _fits(seen) is Fitted.NOISE else "velocity"), ""
    yield " at x_t and t, answers ", ""
    yield _arrow(seen, seen.told.before), "learned"
    yield ".", ""


def _error(seen: Seen) -> Iterator[Words]:
    told = seen.told
    weighted = "" if abs(told.weight - 1) < 5e-3 else f", times its weight {told.weight:.2f},"
    yield "It is off by ", ""
    yield _arrow(seen, told.before - told.asked), "danger"
    yield f". The square{weighted} is {_loss(seen, told.square(told.before))}; the mean of all ", ""
    yield f"{seen.request.training.batch_size:,} is the loss: {_loss(seen, told.loss_before)}.", ""


def _update(seen: Seen) -> Iterator[Words]:
    told = seen.told
    whose = " of both networks, each down its own loss" if _has_score(seen) else " down that loss"
    yield f"Adam moves all {told.moved:,} weights{whose}, at the rate {told.rate:.2g}. ", ""
    yield "Now the network answers ", ""
    yield _arrow(seen, told.after), "learned"
    yield f": the square goes from {_loss(seen, told.square(told.before))} to ", ""
    yield f"{_loss(seen, told.square(told.after))}, the loss of the batch from ", ""
    yield f"{_loss(seen, told.loss_before)} to {_loss(seen, told.loss_after)}. ", ""
    yield "It was a step on a copy: the model is as it was.", ""


_SENTENCES = {
    Stage.TIME: _time,
    Stage.PAIR: _pair,
    Stage.WAY: _way,
    Stage.TARGET: _target,
    Stage.ANSWER: _answer,
    Stage.ERROR: _error,
    Stage.UPDATE: _update,
}
