"""Window title, undo, engine chip, timeline, and figures that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit

from fmstudio.bench.monkey.checks.registry import check
from fmstudio.bench.monkey.seen import Seen, is_answered
from fmstudio.document.document import Document
from fmstudio.engine.messages import TrainingState
from fmstudio.gui.markup import caption_markup
from fmstudio.gui.widgets.section import SectionHead
from fmstudio.studio.clocks import PATH_CLOCK, clock_of

_NO_NUMBER = re.compile(r"(?<![\w])(nan|-?inf|None)(?![\w])")
_QUOTED = re.compile("“[^”]*”|'[^']*'")
"""what somebody typed, in a sentence about it"""


@check("no figure is NaN or infinite")
def no_nan(seen: Seen) -> Iterator[str]:
    for text in _all_texts(seen):
        if _NO_NUMBER.search(_QUOTED.sub("", text)):
            yield f"“{text[:120]}” is no figure"


def _all_texts(seen: Seen) -> Iterator[str]:
    """Every word that can be read now."""
    window = seen.window
    for label in window.findChildren(QLabel):
        if label.isVisible():
            yield re.sub(r"<[^>]+>", "", label.text())
    for button in window.findChildren(QAbstractButton):
        if button.isVisible():
            yield button.summary if isinstance(button, SectionHead) else button.text()
    for field in window.findChildren(QLineEdit):
        if field.isVisible() and not field.hasFocus():
            yield field.text()
    for pane in seen.scene.panes:
        yield from (pane.title, pane.subtitle, pane.notice, *(entry.text for entry in pane.legend))


@check("the window is named after its document")
def window_title(seen: Seen) -> Iterator[str]:
    store, window = seen.session.store, seen.window
    shown = window.top_bar.title.words
    if store.name not in window.windowTitle() or store.name not in shown:
        yield f"the window says “{window.windowTitle()}”, its bar “{shown}”; it is “{store.name}”"
    if store.is_dirty and not window.isWindowModified():
        yield "the document is changed and the window does not say so"


@check("undo and redo say what they take back")
def history(seen: Seen) -> Iterator[str]:
    store, bar = seen.session.store, seen.window.top_bar
    for button, label in ((bar.undo, store.undo_label), (bar.redo, store.redo_label)):
        if button.isEnabled() is not (label is not None):
            yield f"“{button.toolTip()}” is {'on' if button.isEnabled() else 'off'}, its edit is {label}"
        elif label is not None and label[1:] not in button.toolTip():
            yield f"“{button.toolTip()}” takes back “{label}”"


@check("what is said of a moment is said of the one that is shown")
def lesson_words(seen: Seen) -> Iterator[str]:
    strip, lesson = seen.window.arrangement.strip, seen.session.lesson
    if not strip.isVisible() or lesson.moment is None:
        return
    place, caption = f"{(lesson.at or 0) + 1} / {len(lesson.moments)}", caption_markup(lesson.moment.caption)
    if strip.place.text() != place:
        yield f"the strip says “{strip.place.text()}” at moment {place}"
    if not strip.is_editing and strip.caption.text() != caption:
        yield f"the strip says “{strip.caption.text()}” of “{caption}”"
    if lesson.is_changed is not ("changed since" in strip.title.text()) and not strip.is_editing:
        yield f"the strip says “{strip.title.text()}” of moment {place}"


@check("the engine chip says what the engine does")
def chip(seen: Seen) -> Iterator[str]:
    session, text = seen.session, seen.window.top_bar.chip.text()
    state = session.results.training.state
    trains = state in (TrainingState.RUNNING, TrainingState.PAUSED)
    tip = seen.window.top_bar.chip.toolTip()
    if session.device and session.device not in text + tip:
        yield f"the chip says “{text}” and “{tip}”, the engine is on {session.device}"
    if trains and "training" not in text:
        yield f"the chip says “{text}” while a training is {state}"
    if not trains and text.startswith("training"):
        yield f"the chip says “{text}” and nothing trains"
    if "ready" in text and not trains and _open_lanes(seen):
        yield f"the chip says “{text}” while {', '.join(_open_lanes(seen))} are on their way"


def _open_lanes(seen: Seen) -> list[str]:
    wanted = seen.session.planner.wanted
    return [lane for lane, request in wanted.items() if not is_answered(seen.session, lane, request)]


@check("the timeline tells the time that is drawn")
def timeline(seen: Seen) -> Iterator[str]:
    labels = [label.text() for label in seen.window.timeline.findChildren(QLabel)]
    text = next((label for label in labels if "=" in label or "%" in label), "")
    told = re.search(r"-?\d+(?:\.\d+)?", text)
    if told is None:
        yield f"the timeline says “{text}”"
        return
    t, figure = seen.session.playback.t, float(told[0])
    values = (t, 100 * t, *(t * duration for duration in _durations(seen.document)))
    if not any(abs(figure - value) <= 0.501 * 10 ** -_decimals(told[0]) for value in values):
        yield f"the timeline says “{text}” at t = {t:.3f}"
    panes = range(len(seen.document.view.panes))
    steps = max(seen.document.experiment(index).simulation.steps for index in panes)
    counted = next((label for label in labels if label.startswith("step")), f"/ {steps}")
    if int(counted.split("/")[1].replace(",", "")) != steps:
        yield f"the timeline says “{counted}”, the finest pane takes {steps}"


def _durations(document: Document) -> set[float]:
    """Of the panes' clocks; along a path 1."""
    clocks = [clock_of(document.experiment(i).dynamics) for i in range(len(document.view.panes))]
    return {clock.duration for clock in clocks} | {PATH_CLOCK.duration}


def _decimals(figure: str) -> int:
    return len(figure.partition(".")[2])
