"""Every edit that has a name, as a plain function on a session. Menus, panels and shortcuts call these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.editing import shallow, with_field
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.units import Vector
from fmstudio.document.specs.view import (
    MOST_DROPS,
    CameraSpec,
    DropSpec,
    FieldChoice,
    LayersSpec,
    PaneSpec,
)
from fmstudio.engine.messages import TrainingCommand, TrainingState
from fmstudio.studio import drawing
from fmstudio.studio.asked_files import End
from fmstudio.studio.begun_ink import START_DRAWING
from fmstudio.studio.comparisons import set_panes, with_panes
from fmstudio.studio.fit import FARTHEST, MARGIN, NEAREST, camera_of, fitted
from fmstudio.studio.guardrails import why_not_train
from fmstudio.studio.session import Session
from fmstudio.studio.training_steps import at_step, compared, track


def set_field(session: Session, path: str, value: Any, label: str, merge: bool = False) -> None:
    """Set ``path`` ("simulation.steps", "path.sigma_min", ...) of the document. Raises
    SettingError (a ValueError) for a value out of range. With ``merge``, a drag is one undo step."""
    session.store.edit(lambda d: with_field(d, path, value), label, f"set {path}" if merge else None)


# ---- drawing -----------------------------------------------------------------------------------------


def start_drawing(session: Session) -> None:
    """Make the end that is drawn at a drawing, which begins with its own ink (a drawing is kept as it is)."""
    end = session.tools.end
    law = getattr(session.store.document, end)
    if not isinstance(law, DrawnSpec):
        half = round(min(max(camera_of(session.store.document).half / MARGIN, 1.0), 20.0), 3)
        drawn = {end: DrawnSpec(half=half), "caption": ""}
        session.store.edit(lambda d: d.model_copy(update=drawn), START_DRAWING)
        session.ink.fetch(end, law)


def draw_segment(
    session: Session, start: Vector, end: Vector, brush: drawing.Brush, upon: DrawnSpec | None = None
) -> None:
    """One piece of a stroke; all pieces until ``end_stroke`` are one undo step. A shape is drawn anew
    ``upon`` what was there when its stroke began."""
    at = session.tools.end
    law = getattr(session.store.document, at)
    if not isinstance(law, DrawnSpec):
        return
    session.is_interacting = True
    changed = drawing.stroke(upon or law, start, end, brush)
    label = f"{brush.pen.capitalize()} stroke"
    session.store.edit(lambda d: d.model_copy(update={at: changed}), label, f"stroke at {at}")


def draw_polygon(session: Session, corners: Sequence[Vector], brush: drawing.Brush) -> None:
    """Fill it at the end that is drawn at."""
    at = session.tools.end
    law = getattr(session.store.document, at)
    if isinstance(law, DrawnSpec):
        changed = drawing.filled(law, corners, brush)
        session.store.edit(lambda d: d.model_copy(update={at: changed}), "Polygon stroke")


def end_stroke(session: Session) -> None:
    session.is_interacting = False
    session.store.settle()


def clear_drawing(session: Session, end: End) -> None:
    law = getattr(session.store.document, end)
    if isinstance(law, DrawnSpec):
        session.ink.forget()
        set_field(session, end, drawing.cleared(law), "Clear drawing")


# ---- dropped particles -------------------------------------------------------------------------------


def drop(session: Session, x: float, y: float, among: bool = False, pane: int = 0) -> None:
    """A particle at that place and the moment that the pane shows: ``among`` those that are there, of which
    the oldest makes room, or instead of them."""
    t = session.store.document.view.panes[pane].at(session.playback.t)
    dropped = DropSpec(x=x, y=y, t=t)

    def change(document: Document) -> Document:
        kept = document.view.drops if among else ()
        return _with_drops(document, (*kept, dropped)[-MOST_DROPS:])

    session.store.edit(change, "Drop a particle")


def clear_drops(session: Session) -> None:
    session.store.edit(lambda document: _with_drops(document, ()), "Clear dropped particles")


def _with_drops(document: Document, drops: tuple[DropSpec, ...]) -> Document:
    return document.model_copy(update={"view": document.view.model_copy(update={"drops": drops})})


# ---- panes -------------------------------------------------------------------------------------------


def first_pane_alone(session: Session) -> None:
    """One pane, of the field that the first has."""
    single_pane(session, session.store.document.view.panes[0].field)


def single_pane(session: Session, field: FieldChoice) -> None:
    """One pane that shows the exact or the learned field."""
    layers = session.store.document.view.panes[0].layers
    set_panes(session, (PaneSpec(field=field, layers=layers),), f"Show {field} field")


def field_shown(document: Document) -> str:
    """'exact', 'learned' or 'both', as the field switch shows it."""
    fields = {pane.field for pane in document.view.panes}
    return "both" if len(fields) > 1 else next(iter(fields)).value


def go_on_training(session: Session) -> None:
    """Start a training, or pause the one that is on, or go on with it; or say why no pane could show it."""
    state = session.results.training.state
    if state is TrainingState.RUNNING:
        session.command_training(TrainingCommand.PAUSE)
    elif state is TrainingState.PAUSED:
        session.command_training(TrainingCommand.RESUME)
    elif why_not := why_not_train(session.store.document):
        session.notify(why_not)
    else:
        show_training_step(session, None)  # nobody would see it learn
        session.train()


def explain_step(session: Session) -> None:
    """Tell the next step of the training slowly, on a copy; or end the telling that is on."""
    if session.one_step.is_on:
        session.one_step.end()
    else:
        session.one_step.begin(session.store.document, session.results.models)


# ---- training steps ----------------------------------------------------------------------------------


def move_training_step(session: Session, by: int) -> None:
    """To an earlier or a later step of the training, where there is one."""
    there = track(session.store.document, session.results.models)
    if there is not None:
        show_training_step(session, there.value(min(max(there.chosen + by, 0), len(there.steps) - 1)))


def show_training_step(session: Session, step: int | None) -> None:
    """What is learned as it was then; None: the newest, also when there is a newer one."""
    set_field(session, "view.training_step", step, "Choose training step")


def compare_training_steps(session: Session) -> None:
    """Panes of early and late steps of one training, side by side; the last goes on following the track."""
    document = session.store.document
    first = document.view.panes[0].model_copy(update={"field": FieldChoice.LEARNED, "training_step": None})
    there = track(with_panes(document, (first,)), session.results.models)
    if there is None:
        session.notify("No steps of a training are kept here yet: train a model first.")
        return
    panes = compared(first, there)
    session.store.edit(lambda d: at_step(with_panes(d, panes), None), "Compare training steps")


# ---- layers ------------------------------------------------------------------------------------------


def toggle_layer(session: Session, pane: int, layer: str) -> None:
    """Switch one layer of one pane."""

    def change(document: Document) -> Document:
        panes = list(document.view.panes)
        layers = panes[pane].layers
        new = LayersSpec.model_validate({**shallow(layers), layer: not getattr(layers, layer)})
        panes[pane] = panes[pane].model_copy(update={"layers": new})
        return with_panes(document, tuple(panes))

    session.store.edit(change, f"Switch {layer}")


def choose_shown(session: Session, pane: int, choice: DensityMethod | Quantity) -> None:
    """What the density or the arrows of one pane show; the layer is switched on."""
    part, layer = ("density", "density") if isinstance(choice, DensityMethod) else ("arrows", "field")

    def change(document: Document) -> Document:
        panes = list(document.view.panes)
        layers = panes[pane].layers.model_copy(update={layer: True})
        panes[pane] = panes[pane].model_copy(update={part: choice, "layers": layers})
        return with_panes(document, tuple(panes))

    session.store.edit(change, f"Show {choice.value.replace('-', ' ')}")


def set_particles(session: Session, **changes: Any) -> None:
    """Another colour, size or glow of the particles in all panes, which are switched on."""
    names = {f"particle_{name}": value for name, value in changes.items()}

    def change(document: Document) -> Document:
        shown = document.with_panes(
            lambda pane: pane.model_copy(
                update={"layers": pane.layers.model_copy(update={"particles": True})}
            )
        )
        return shown.model_copy(update={"view": shown.view.model_copy(update=names)})

    session.store.edit(change, f"Change the {' and '.join(changes)} of particles")


def choose_streaks(session: Session, pane: int, drifts: bool) -> None:
    """The field of one pane as streaks, or as arrows; it is switched on."""

    layers = session.store.document.view.panes[pane].layers.model_copy(update={"field": True})
    label = "Show streaks" if drifts else "Show arrows"
    _set_pane(session, pane, {"streaks": drifts, "layers": layers}, label)


def move_camera(session: Session, x: float, y: float, half: float, pane: int = 0) -> None:
    """Look elsewhere: no edit, and nothing to undo. A pane with a view of its own looks alone."""
    camera = CameraSpec(x=x, y=y, half=min(FARTHEST, max(NEAREST, half)))
    if session.store.document.view.panes[pane].camera is None:
        session.store.look(camera)
    else:
        session.store.look_in(pane, camera)


def fit_camera(session: Session, pane: int = 0) -> None:
    """Show everything that belongs to the scene, also when that changes; in a pane with a view of its own,
    what does now."""
    document = session.store.document
    if document.view.panes[pane].camera is None:
        session.store.look(None)
    else:
        session.store.look_in(pane, fitted(document))


def hold_time(session: Session, pane: int, holds: bool) -> None:
    """The pane stays where it is while time goes on in others, or goes with them."""
    spec = session.store.document.view.panes[pane]
    held = spec.at(session.playback.t) if holds else None
    _set_pane(session, pane, {"held": held}, "Hold the time" if holds else "Link the time")


def own_view(session: Session, pane: int, is_own: bool) -> None:
    """The pane looks elsewhere than others, or as they do."""
    camera = session.stage.camera_in(session.store.document, pane) if is_own else None
    _set_pane(session, pane, {"camera": camera}, "Unlink the view" if is_own else "Link the view")


def _set_pane(session: Session, pane: int, changes: dict[str, Any], label: str) -> None:
    def change(document: Document) -> Document:
        panes = list(document.view.panes)
        panes[pane] = panes[pane].model_copy(update=changes)
        return with_panes(document, tuple(panes))

    session.store.edit(change, label)
