"""Everything that can be chosen by name: what a search over the whole studio finds. GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.distribution import BUILT_INS
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS
from fmstudio.document.specs.path import PATHS
from fmstudio.studio import commands, handles, panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.session import Session


@dataclass(frozen=True)
class Offer:
    """``apply`` does it; ``key`` is its shortcut, if it has one."""

    group: str
    title: str
    apply: Callable[[], object]
    key: str = ""

    def matches(self, words: list[str]) -> bool:
        """Whether each word, in lower case, stands somewhere in it."""
        about = f"{self.group} {self.title}".lower()
        return all(word in about for word in words)


def choices(session: Session) -> Iterator[Offer]:
    """Sources, targets, paths, motions, colours of particles; not what would change nothing of what is
    shown."""
    specs: tuple[tuple[panes.Part, Control, str, tuple[Any, ...]], ...] = (
        ("source", Control.SOURCE, "Source", BUILT_INS),
        ("target", Control.TARGET, "Target", BUILT_INS),
        ("path", Control.PATH, "Path", PATHS),
    )
    for part, control, group, offered in specs:
        for spec in offered if not idle(session.store.document, control) else ():
            yield Offer(group, spec.title, partial(panes.choose_new, session, part, spec))
    for end in handles.ENDS:
        if handles.may_be_mixture(session.store.document, end):
            yield Offer(end.capitalize(), "Edit as a mixture", partial(handles.edit_as_mixture, session, end))
        elif handles.mixture_at(session.store.document, end) is not None:
            yield Offer(end.capitalize(), "Add a Gaussian", partial(handles.add_normal, session, end))
    for spec in (*DYNAMICS, *MORE_DYNAMICS):
        kind = str(spec.model_fields["kind"].default)
        yield Offer("Motion", str(spec.title), partial(panes.choose_motion, session, kind))
    for colour in ParticleColour:
        colours = partial(commands.set_particles, session, colour=colour)
        yield Offer("Colour of particles", colour.facts.title, colours)
    only = not session.store.document.view.only_states
    title = "Only the solver's states" if only else "Between the solver's states too"
    set_states = partial(commands.set_field, session, "view.only_states", only, "Show solver states")
    yield Offer("Paths", title, set_states)
