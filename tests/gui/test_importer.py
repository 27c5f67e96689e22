"""Files that are dropped or chosen are read beside the window: it goes on, and may think better of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel, QWidget

from fmstudio import children
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec
from fmstudio.gui import importer as importer_module
from fmstudio.gui.importer import Importer
from fmstudio.gui.notices import NoticeBar
from fmstudio.studio.importing import ask
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="200" height="100" '
    'fill="white"/><circle cx="60" cy="50" r="30" fill="#c00"/></svg>'
)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(FakeEngine(), Document(), print)
    yield session
    session.close()


@pytest.fixture
def over(qtbot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def importer(session: Session, over: QWidget) -> Iterator[Importer]:
    importer = Importer(session, NoticeBar(over))
    yield importer
    importer.close()


def finish(qtbot, importer: Importer) -> None:
    def is_done() -> bool:
        importer.tick()
        return not importer.is_busy

    qtbot.waitUntil(is_done, timeout=60_000)


def said(importer: Importer) -> list[str]:
    """What is on show."""
    return [notice.findChild(QLabel).text() for notice in importer._notices.notices]


def files(folder: Path) -> dict[str, Path]:
    """A file of each kind, by its ending."""
    points = np.random.default_rng(0).normal(size=(50, 2))
    paths = {ending: folder / f"mine{ending}" for ending in (".csv", ".npy", ".png", ".svg", ".SVG")}
    np.savetxt(paths[".csv"], points, delimiter=",")
    np.save(paths[".npy"], points)
    picture = Image.new("L", (60, 40), 255)
    picture.paste(0, (10, 10, 20, 30))
    picture.save(paths[".png"])
    paths[".svg"].write_text(SVG)
    paths[".SVG"].write_text(SVG)
    return paths


def test_that_a_file_of_every_kind_is_placed_as_one_edit(
    qtbot, importer: Importer, session: Session, tmp_path: Path
) -> None:
    for ending, path in files(tmp_path).items():
        before = session.store.document
        ask(session, "target", path)
        assert session.store.document is before
        finish(qtbot, importer)
        target = session.store.document.target
        assert isinstance(target, PointsSpec if ending in (".csv", ".npy") else DrawnSpec)
        assert target.name == "mine"
        assert session.store.undo_label == f"Import {path.name}"
        session.store.undo()
        assert session.store.document == before


def test_that_both_ends_are_read_at_once(qtbot, importer: Importer, session: Session, tmp_path: Path) -> None:
    paths = files(tmp_path)
    ask(session, "source", paths[".csv"])
    ask(session, "target", paths[".png"])
    finish(qtbot, importer)
    assert isinstance(session.store.document.source, PointsSpec)
    assert isinstance(session.store.document.target, DrawnSpec)


def test_that_points_take_the_units_of_the_other_end(
    qtbot, importer: Importer, session: Session, tmp_path: Path
) -> None:
    points = 1000 + 50 * np.random.default_rng(0).normal(size=(50, 2))
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, points + (20 if name == "b.npy" else 0))
    ask(session, "source", tmp_path / "a.npy")
    finish(qtbot, importer)
    ask(session, "target", tmp_path / "b.npy")
    finish(qtbot, importer)
    source, target = session.store.document.source, session.store.document.target
    assert isinstance(source, PointsSpec)
    assert isinstance(target, PointsSpec)
    assert source.units == target.units


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no.csv", b"x,y\n1,\x1b[2Jtwo\n"),
        ("no.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n"),
        ("no.svg", b"<svg"),
        ("no.npy", b"\x93NUMPY"),
        ("no\x1b[2J<b>.xyz", b""),
        ("none.csv", None),
    ],
)
def test_that_what_cannot_be_read_is_one_sentence_and_no_edit(
    qtbot,
    importer: Importer,
    session: Session,
    tmp_path: Path,
    name: str,
    content: bytes | None,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = session.store.document
    ask(session, "target", tmp_path / name)
    finish(qtbot, importer)
    (sentence,) = said(importer)
    assert sentence.endswith(".")
    assert len(sentence) <= 200
    assert sentence.isprintable()
    assert session.store.document is before


def endless(_module: str) -> children.Child:
    """A reader that never ends."""
    return children.program("sleep", "1000")


def broken(_module: str) -> children.Child:
    return children.program("false")


@pytest.fixture
def waiting(
    importer: Importer,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The words of a reading that is under way and will never end."""
    monkeypatch.setattr(importer_module, "PATIENCE", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(children, "python", endless)
        ask(session, "target", tmp_path / "endless.csv")
        importer.tick()
    time.sleep(0.01)
    importer.tick()
    (sentence,) = said(importer)
    return sentence


def test_that_reading_is_told_and_can_be_cancelled(
    qtbot, importer: Importer, session: Session, waiting: str
) -> None:
    assert "endless.csv" in waiting
    before = session.store.document
    importer._readings["target"].cancel()
    finish(qtbot, importer)
    assert said(importer) == []
    assert session.store.document is before


def test_that_a_newer_file_for_the_same_end_ends_the_older_reading(
    qtbot, importer: Importer, session: Session, waiting: str, tmp_path: Path
) -> None:
    process = importer._readings["target"]._process
    ask(session, "target", files(tmp_path)[".npy"])
    finish(qtbot, importer)
    assert process.poll() is not None
    assert session.store.document.target.kind == "points"
    assert waiting not in said(importer)


def test_that_closing_ends_what_is_read(importer: Importer, waiting: str) -> None:
    process = importer._readings["target"]._process
    importer.close()
    assert process.poll() is not None
    assert not importer.is_busy
    assert waiting not in said(importer)


def test_that_a_reader_that_breaks_is_told(
    qtbot, importer: Importer, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(children, "python", broken)
    before = session.store.document
    ask(session, "target", tmp_path / "broken.csv")
    finish(qtbot, importer)
    (sentence,) = said(importer)
    assert "broken.csv" in sentence
    assert session.store.document is before


def test_that_a_pipe_holds_nobody_up(qtbot, importer: Importer, session: Session, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    ask(session, "target", tmp_path / "pipe.csv")
    finish(qtbot, importer)
    (sentence,) = said(importer)
    assert "pipe" in sentence
