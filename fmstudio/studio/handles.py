"""Taking hold of the normals of a mixture: each drag is one step of undo. GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import Component, FewNormals, GaussianMixtureSpec
from fmstudio.document.specs.units import Vector
from fmstudio.studio import mixtures, panes
from fmstudio.studio.asked_files import End
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.headings import kept_true
from fmstudio.studio.mixtures import Chosen, Hold, Shape
from fmstudio.studio.session import Session

ENDS: tuple[End, ...] = ("source", "target")
NUDGE = 0.01
"""Of half of what is seen: about four pixels."""
LONG_NUDGE = 10
HEAVIER = 1.15
"""By which one notch of the wheel, or one key, changes a weight."""


def mixture_at(document: Document, end: End) -> GaussianMixtureSpec | None:
    """The mixture that may be edited at that end: the first that the panes show, if it plays a part."""
    law = panes.shown(document, end)[0]
    return law if isinstance(law, GaussianMixtureSpec) and not idle(document, Control(end)) else None


def mixtures_of(document: Document, ends: frozenset[End]) -> dict[End, GaussianMixtureSpec]:
    found = ((end, mixture_at(document, end)) for end in ENDS if end in ends)
    return {end: mixture for end, mixture in found if mixture is not None}


def shown_in(document: Document, pane: int, ends: frozenset[End]) -> dict[End, GaussianMixtureSpec]:
    """Those whose handles are to be seen in that pane: what it shows there itself."""
    experiment = document.experiment(pane)
    return {end: law for end, law in mixtures_of(document, ends).items() if getattr(experiment, end) == law}


def chosen_normal(session: Session) -> tuple[Chosen, Component] | None:
    """None where none is chosen, or the chosen one is no more."""
    chosen = session.tools.chosen
    law = None if chosen is None else mixture_at(session.store.document, chosen.end)
    if chosen is None or law is None or chosen.index >= len(law.components):
        return None
    return chosen, law.components[chosen.index]


# ---- edits -------------------------------------------------------------------------------------------


def change_normal(
    session: Session,
    chosen: Chosen,
    change: Callable[[Component], Component],
    verb: str,
    merge: bool = False,
) -> None:
    """One normal becomes another; with ``merge``, such changes are one step until the store settles."""

    def changed(law: GaussianMixtureSpec) -> GaussianMixtureSpec:
        if chosen.index >= len(law.components):
            return law
        return mixtures.with_normal(law, chosen.index, change(law.components[chosen.index]))

    label = f"{verb} Gaussian {chosen.index + 1} of the {chosen.end}"
    _edit(session, chosen.end, changed, label, f"{verb} {chosen}" if merge else None)


def add_normal(session: Session, end: End, mean: Vector | None = None) -> None:
    """One more, like the chosen one or the last; beside it where no place is given. It is chosen then."""
    law = mixture_at(session.store.document, end)
    if law is None:
        return
    if not mixtures.may_grow(law):
        session.notify(f"There are {len(law.components)} Gaussians: a mixture takes no more.")
        return
    index = session.tools.handles.chosen_at(end)
    like = index if index is not None and index < len(law.components) else len(law.components) - 1
    place = mean if mean is not None else _beside(law.components[like])
    _edit(session, end, lambda m: mixtures.with_another(m, like, place), f"Add a Gaussian to the {end}")
    session.tools.choose_normal(Chosen(end, len(law.components)))


def remove_normal(session: Session, chosen: Chosen) -> None:
    """The one before it is chosen then; says so where it is the last."""
    law = mixture_at(session.store.document, chosen.end)
    if law is None or chosen.index >= len(law.components):
        return
    if len(law.components) == 1:
        session.notify(f"The last Gaussian of the {chosen.end} stays: choose another {chosen.end} instead.")
        return
    label = f"Remove Gaussian {chosen.index + 1} of the {chosen.end}"
    _edit(session, chosen.end, lambda m: mixtures.without(m, chosen.index), label)
    session.tools.choose_normal(Chosen(chosen.end, max(0, chosen.index - 1)))


def may_be_mixture(document: Document, end: End) -> bool:
    """What stands there is a mixture of a few normals, with settings of another kind."""
    law = panes.shown(document, end)[0]
    is_few = isinstance(law, FewNormals) and not isinstance(law, GaussianMixtureSpec)
    return is_few and not idle(document, Control(end))


def edit_as_mixture(session: Session, end: End) -> None:
    """The same distribution, with a handle on each of its normals."""
    if not may_be_mixture(session.store.document, end):
        return
    law = panes.shown(session.store.document, end)[0]
    mixture = GaussianMixtureSpec(components=law.normals())
    session.store.edit(lambda d: _with_law(d, end, law, mixture), f"Edit the {end} as a mixture")
    session.tools.choose_normal(Chosen(end, 0))


def _edit(
    session: Session,
    end: End,
    change: Callable[[GaussianMixtureSpec], GaussianMixtureSpec],
    label: str,
    merge_key: str | None = None,
) -> None:
    def changed(document: Document) -> Document:
        law = mixture_at(document, end)
        return document if law is None else _with_law(document, end, law, change(law))

    session.store.edit(changed, label, merge_key)


def _with_law(document: Document, end: End, old: object, new: object) -> Document:
    """In the document and every pane where the old one stands; not where another does."""
    if old == new:
        return document
    return kept_true(document, document.everywhere(end, lambda law: new if law == old else law))


def _beside(component: Component) -> Vector:
    """Far enough from it to be told apart."""
    shape = mixtures.shape_of(component.cov)
    away = 2 * max(shape.first, shape.second)
    return component.mean[0] + away, component.mean[1] + away / 2


# ---- the hand ----------------------------------------------------------------------------------------


def nudge(session: Session, right: int, up: int, far: bool = False) -> bool:
    """The chosen normal goes a little way; False where none is chosen. One step until the key is let go."""
    found = chosen_normal(session)
    if found is None:
        return False
    step = NUDGE * session.stage.camera(session.store.document).half * (LONG_NUDGE if far else 1)

    def further(component: Component) -> Component:
        x, y = component.mean
        return mixtures.moved(component, (x + right * step, y + up * step))

    change_normal(session, found[0], further, "Nudge", merge=True)
    return True


def weigh(session: Session, chosen: Chosen, notches: float) -> None:
    """Heavier by so many notches, or lighter; one step until the store settles."""

    def heavier(component: Component) -> Component:
        return mixtures.weighing(component, component.weight * HEAVIER**notches)

    change_normal(session, chosen, heavier, "Weigh", merge=True)


@final
class HandleDrag:
    """From the press on a handle until it is let go. The view rests meanwhile: fitted to a mean that is
    dragged it would run away from the pointer."""

    def __init__(self, session: Session, hold: Hold, at: Vector) -> None:
        self._session, self._hold = session, hold
        session.store.settle()
        session.is_interacting = True
        session.tools.choose_normal(hold.chosen)
        found = chosen_normal(session)
        assert found is not None, "what is held is there"
        place = mixtures.place_of(found[1], hold.tip)
        self._grip = place[0] - at[0], place[1] - at[1]
        self._shape: Shape = mixtures.shape_of(found[1].cov)
        self._was_fitted = session.store.document.view.camera is None
        self._last = at

    def reach(self, at: Vector) -> None:
        """The pointer is there now."""
        if at == self._last:
            return
        self._last = at
        store = self._session.store
        if self._was_fitted and store.document.view.camera is None:
            store.look(self._session.stage.camera(store.document))
        place = at[0] + self._grip[0], at[1] + self._grip[1]
        verb = "Move" if self._hold.tip is None else "Shape"
        change_normal(self._session, self._hold.chosen, lambda c: self._changed(c, place), verb, merge=True)

    def _changed(self, component: Component, place: Vector) -> Component:
        if self._hold.tip is None:
            return mixtures.moved(component, place)
        arm = place[0] - component.mean[0], place[1] - component.mean[1]
        self._shape = self._shape.with_tip(self._hold.tip, arm)
        return mixtures.shaped(component, self._shape)

    def let_go(self) -> None:
        self._session.is_interacting = False
        self._session.store.settle()
        if self._was_fitted and self._session.store.document.view.camera is not None:
            self._session.store.look(None)
