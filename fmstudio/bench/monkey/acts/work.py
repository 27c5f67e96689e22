"""Acts that start, hold or end long work: training, export, and the end of the engine."""

from __future__ import annotations

import os
import signal

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import Hand
from fmstudio.engine.client import ProcessEngine
from fmstudio.gui.dialogs.export_dialog import ExportDialog


@act("train", 5)
def train(hand: Hand, _world: World) -> str:
    """Start, pause or go on."""
    hand.window.actions_by_id["train"].trigger()
    state = hand.window.session.results.training.state
    return f"train, pause or resume (it was {state})"


@act("stop training", 4)
def stop_training(hand: Hand, _world: World) -> str:
    hand.window.actions_by_id["stop-training"].trigger()
    return "stop training"


@act("export", 2)
def export(hand: Hand, world: World) -> str | None:
    """Start one, cancel the one that runs, or close the dialog."""
    dialog = hand.window.findChild(ExportDialog)
    if dialog is not None and dialog.isVisible():
        hand.click(dialog.cancel_button)
        return f"“{dialog.cancel_button.text()}” in the export"
    hand.window.actions_by_id["export"].trigger()
    hand.wait(50)
    dialog = hand.window.findChild(ExportDialog)
    if dialog is None:
        return None
    dialog.size_box.setCurrentIndex(0)
    hand.fill(dialog.fps, "5")
    hand.fill(dialog.seconds, hand.luck.choice(("0.4", "1")))
    suffix = hand.luck.choice((".mp4", ".gif", ".webm"))
    dialog.export_to(world.folder / f"film-{hand.luck.randrange(3)}{suffix}")
    return f"start an export to {suffix}"


@act("kill the engine", 2)
def kill_engine(hand: Hand, _world: World) -> str | None:
    engine = hand.window.session.engine
    if not isinstance(engine, ProcessEngine) or engine.pid is None:
        return None
    os.kill(engine.pid, signal.SIGKILL)
    return "kill the engine"
