"""Acts on the program as a whole: commands, offers, gallery, undo, panes, theme, size, files."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import Hand
from fmstudio.document.gallery import ENTRIES
from fmstudio.gui.actions import ACTIONS
from fmstudio.gui.dialogs.command_palette import CommandPalette
from fmstudio.gui.dialogs.gallery_dialog import GalleryDialog
from fmstudio.studio.offers import choices

D = TypeVar("D", bound=QDialog)
LEFT_OUT = ("quit", "gallery", "commands", "export", "present", "present-from-start", "tour")
"""Commands that end the walk, have an act of their own, or lay hints over what is pressed."""
SIZES = ((1024, 640), (1100, 700), (1280, 720), (1440, 900), (1600, 1000), (900, 600), (1800, 1100))


@act("command", 9)
def command(hand: Hand, _world: World) -> str | None:
    offered = [info for info in ACTIONS if info.id not in LEFT_OUT]
    info = hand.luck.choice(offered)
    action = hand.window.actions_by_id[info.id]
    if not action.isEnabled():
        return None
    action.trigger()
    return f"command “{info.title}”"


@act("offer", 7)
def offer(hand: Hand, _world: World) -> str | None:
    """Ctrl+K, a few letters, Enter."""
    offers = list(choices(hand.window.session))
    found = hand.luck.choice(offers)
    hand.window.actions_by_id["commands"].trigger()
    dialog = _dialog(hand, CommandPalette)
    if dialog is None:
        return None
    hand.write(dialog.search, found.title[: hand.luck.randint(3, 12)])
    hand.wait(20)
    row = next(
        i for i, each in enumerate(dialog._offers) if (each.group, each.title) == (found.group, found.title)
    )
    item = dialog.list.topLevelItem(row)
    if item is not None:
        dialog.list.setCurrentItem(item)
    hand.keys(dialog.search, Qt.Key.Key_Return)
    return f"choose {found.group} “{found.title}” in the palette"


@act("idle palette", 1)
def idle_palette(hand: Hand, _world: World) -> str | None:
    hand.window.actions_by_id["commands"].trigger()
    dialog = _dialog(hand, CommandPalette)
    if dialog is None:
        return None
    hand.write(dialog.search, hand.luck.choice(("zzz", "la", "()[", "p_t", "e")))
    hand.keys(dialog.search, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Escape)
    return "look into the palette and leave it"


@act("gallery", 5)
def gallery(hand: Hand, _world: World) -> str | None:
    entry = hand.luck.choice(ENTRIES)
    hand.window.actions_by_id["gallery"].trigger()
    dialog = _dialog(hand, GalleryDialog)
    if dialog is None:
        return None
    if hand.luck.random() < 0.1:
        hand.keys(dialog, Qt.Key.Key_Escape)
        return "look at the gallery and leave it"
    dialog.cards.setCurrentRow([each.id for each in ENTRIES].index(entry.id))
    hand.click(dialog.open_button)
    return f"open “{entry.title}” from the gallery"


def _dialog(hand: Hand, kind: type[D]) -> D | None:
    hand.wait(20)
    found = [dialog for dialog in hand.window.findChildren(kind) if dialog.isVisible()]
    return found[-1] if found else None


@act("undo", 8)
def undo(hand: Hand, _world: World) -> str:
    times = hand.luck.randint(1, 4)
    for _ in range(times):
        hand.window.actions_by_id["undo"].trigger()
    return f"undo {times} times"


@act("redo", 4)
def redo(hand: Hand, _world: World) -> str:
    times = hand.luck.randint(1, 3)
    for _ in range(times):
        hand.window.actions_by_id["redo"].trigger()
    return f"redo {times} times"


@act("panes", 6)
def panes(hand: Hand, _world: World) -> str:
    name = hand.luck.choice([info.id for info in ACTIONS if info.menu == "compare"])
    hand.window.actions_by_id[name].trigger()
    return f"compare {name}"


@act("theme", 2)
def theme(hand: Hand, _world: World) -> str:
    name = hand.luck.choice([info.id for info in ACTIONS if info.menu == "theme"])
    hand.window.actions_by_id[name].trigger()
    return f"theme {name.removeprefix('theme-')}"


@act("resize", 3)
def resize(hand: Hand, _world: World) -> str:
    size = hand.luck.choice(SIZES)
    if hand.window.isFullScreen():
        hand.window.showNormal()
    hand.window.resize(*size)
    return f"resize to {size[0]} × {size[1]}"


@act("present", 1)
def present(hand: Hand, _world: World) -> str:
    hand.window.actions_by_id["present"].trigger()
    return "present, or back"


@act("dialog", 2)
def dialog(hand: Hand, _world: World) -> str | None:
    """Whatever is in front is typed into, or left."""
    open_now = [d for d in hand.window.findChildren(QDialog) if d.isVisible()]
    if not open_now:
        return None
    front: QWidget = open_now[-1]
    field = front.findChild(QLineEdit)
    if field is not None and hand.luck.random() < 0.5:
        hand.write(field, "12")
        return f"type into “{front.windowTitle()}”"
    hand.keys(front, Qt.Key.Key_Escape)
    return f"leave “{front.windowTitle()}”"
