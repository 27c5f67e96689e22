"""Acts on the controls of the columns and bars: buttons, boxes, sliders, figures, menus, keys."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QMenu,
    QPushButton,
    QSlider,
    QWidget,
)

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import Hand, name_of
from fmstudio.gui.layer_switches import LayerMenu
from fmstudio.gui.timeline import TimeLine
from fmstudio.gui.training_track import StepSlider
from fmstudio.gui.widgets.number_field import NumberField
from fmstudio.gui.widgets.section import SectionHead
from fmstudio.gui.widgets.tiles import Tile

BAD_FIGURES = ("", "abc", "-", "1e999", "nan", "inf", "-5", "1,5", "99999999999", "0", "٣", "1e-300", "  ")
MOST_STATES = 10_000_000
"""Particles times steps: so many are 80 MB."""
KEYS = (
    Qt.Key.Key_Space,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Return,
    Qt.Key.Key_1,
    Qt.Key.Key_2,
    Qt.Key.Key_3,
    Qt.Key.Key_4,
    Qt.Key.Key_V,
    Qt.Key.Key_D,
    Qt.Key.Key_P,
    Qt.Key.Key_F,
    Qt.Key.Key_Delete,
)


@act("tile", 8)
def tile(hand: Hand, _world: World) -> str | None:
    found = hand.pick(Tile)  # type: ignore[type-abstract]
    if found is None:
        return None
    hand.click(found)
    return f"click {name_of(found)}"


@act("button", 12)
def button(hand: Hand, _world: World) -> str | None:
    """Any button that is no tile, head or menu."""
    window = hand.window
    places = [
        place for place in (window.left, window.left, window.right, window.timeline, window.canvas) if place
    ]
    found = hand.pick(QAbstractButton, hand.luck.choice(places))
    if found is None or isinstance(found, Tile | SectionHead):
        return None
    if isinstance(found, QPushButton) and found.menu() is not None:
        return None
    hand.click(found)
    return f"click {name_of(found)}"


@act("section", 2)
def section(hand: Hand, _world: World) -> str | None:
    found = hand.pick(SectionHead)
    if found is None:
        return None
    hand.click(found)
    return f"fold or unfold {name_of(found)}"


@act("box", 6)
def box(hand: Hand, _world: World) -> str | None:
    found = hand.pick(QComboBox)
    if found is None or not found.count():
        return None
    row = hand.luck.randrange(found.count())
    hand.reach(found)
    found.showPopup()
    hand.wait(20)
    view = found.view()
    place = view.visualRect(found.model().index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    hand.wait(20)
    found.hidePopup()
    return f"choose “{found.itemText(row)}” in {name_of(found)}"


@act("slider", 8)
def slider(hand: Hand, _world: World) -> str | None:
    found = hand.pick(QSlider)
    if found is None:
        return None
    hand.reach(found)
    middle = found.height() // 2
    # Seldom to the far right, where particles and steps are many.
    stops = [round(found.width() * hand.luck.random() ** 1.5) for _ in range(hand.luck.randint(1, 6))]
    hand.drag(found, [QPoint(min(max(2, x), found.width() - 3), middle) for x in stops])
    _keep_small(hand)
    return f"drag {name_of(found)} to {stops[-1]} of {found.width()}"


@act("figure", 5)
def figure(hand: Hand, _world: World) -> str | None:
    found = hand.pick(NumberField)
    if found is None:
        return None
    scale = found.scale
    part = hand.luck.random() ** 3
    text = scale.words(scale.low + part * (scale.high - scale.low))
    hand.fill(found, text)
    _keep_small(hand)
    return f"type {text} into {name_of(found)}"


@act("bad figure", 3)
def bad_figure(hand: Hand, _world: World) -> str | None:
    found = hand.pick(NumberField)
    if found is None:
        return None
    text = hand.luck.choice(BAD_FIGURES)
    hand.fill(found, text)
    _keep_small(hand)
    return f"type “{text}” into {name_of(found)}"


def _keep_small(hand: Hand) -> None:
    """Take back what would fill the memory of the machine."""
    store = hand.window.session.store
    simulation = store.document.simulation
    if (
        simulation.particles * simulation.steps * getattr(store.document.dynamics, "substeps", 1)
        > MOST_STATES
    ):
        store.undo()


@act("spin", 1)
def spin(hand: Hand, _world: World) -> str | None:
    found = hand.pick(QAbstractSpinBox)
    if found is None:
        return None
    by = hand.luck.choice((-3, -1, 1, 5))
    found.stepBy(by)
    return f"step {name_of(found)} by {by}"


@act("layer menu", 5)
def layer_menu(hand: Hand, _world: World) -> str | None:
    """Any entry of any menu of a pane's switches, rarer layers and choices among them."""
    buttons = [
        b for b in hand.window.canvas.findChildren(QPushButton) if b.menu() is not None and b.isVisible()
    ]
    found = hand.one_of(buttons)
    if found is None:
        return None
    entry = _entry(hand, found.menu())
    if entry is None:
        return None
    title = entry.text()
    entry.trigger()
    where = "layers" if isinstance(found, LayerMenu) else found.toolTip()
    return f"take “{title}” of {where}"


def _entry(hand: Hand, menu: QMenu) -> QAction | None:
    menu.aboutToShow.emit()
    entries = [a for a in menu.actions() if a.isEnabled() and a.isVisible() and not a.isSeparator()]
    if not entries:
        return None
    entry = hand.luck.choice(entries)
    below = entry.menu()
    return _entry(hand, below) if isinstance(below, QMenu) else entry


@act("open menu", 1)
def open_menu(hand: Hand, _world: World) -> str | None:
    """A real menu, on the screen: the answerer takes one of its entries."""
    buttons = [b for b in hand.window.findChildren(QPushButton) if b.menu() is not None and b.isVisible()]
    found = hand.one_of(buttons)
    if found is None:
        return None
    hand.click(found)
    return f"open the menu of {name_of(found)}"


@act("scrub", 5)
def scrub(hand: Hand, _world: World) -> str | None:
    line = hand.pick(TimeLine)
    if line is None:
        return None
    stops = [hand.luck.randint(2, max(3, line.width() - 3)) for _ in range(hand.luck.randint(1, 6))]
    hand.drag(line, [QPoint(x, line.height() // 2) for x in stops], pause=16)
    return f"scrub to {stops[-1]} of {line.width()}"


@act("scrub training", 4)
def scrub_training(hand: Hand, _world: World) -> str | None:
    """The second time axis, where a model that has kept steps of its training is shown."""
    slider = hand.pick(StepSlider)
    if slider is None:
        return None
    stops = [hand.luck.randint(2, max(3, slider.width() - 3)) for _ in range(hand.luck.randint(1, 5))]
    hand.drag(slider, [QPoint(x, slider.height() // 3) for x in stops], pause=16)
    return f"scrub the training to {stops[-1]} of {slider.width()}"


@act("keys", 6)
def keys(hand: Hand, _world: World) -> str:
    pressed = [hand.luck.choice(KEYS) for _ in range(hand.luck.randint(1, 4))]
    for key in pressed:
        place = QApplication.focusWidget() or hand.window
        hand.keys(place, key)
    return f"press {', '.join(key.name.removeprefix('Key_') for key in pressed)}"


@act("focus", 2)
def focus(hand: Hand, _world: World) -> str | None:
    widgets = [w for w in hand.window.findChildren(QWidget) if w.isVisible() and w.isEnabled()]
    stops = [w for w in widgets if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    found = hand.one_of(stops)
    if found is None:
        return None
    found.setFocus(Qt.FocusReason.TabFocusReason)
    return f"the focus goes to {name_of(found)}"
