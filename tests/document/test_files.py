"""Files: what is saved is what is opened; nothing that comes from outside can do harm."""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmstudio.document import archive
from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import SCHEMA_VERSION, Document
from fmstudio.document.files import DocumentError, SavedModel, SaveError, load, save
from fmstudio.document.specs.distribution import DrawnSpec, FormulaSpec, PointsSpec
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec
from tests.document.strategies import documents, models

POINTS = PointsSpec(points=FrozenArray([[0.0, 1.0], [2.0, 3.0], [0.5, -1.0]]))
DOCUMENT = Document(title="before", target=POINTS)
MODEL = SavedModel(
    model=ModelSpec(),
    objective=Objective.CFM,
    parameters=FrozenArray(np.linspace(-1, 1, 40)),
    step=12,
    source=DOCUMENT.source,
    target=POINTS,
    path=CondOTSpec(),
    training=TrainingSpec(),
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "a session.fmstudio"
    save(path, DOCUMENT, [MODEL])
    return path


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None], listed: bool = False) -> None:
    """Change the members of a saved file, and leave out their list unless it is ``listed`` what was there."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    if not listed:
        raw = json.loads(members["document.json"])
        raw.pop("members", None)
        members["document.json"] = json.dumps(raw).encode()
    change(members)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members.items():
            new.writestr(zipfile.ZipInfo(name), data)


def edit_document(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    def edit(members: dict[str, bytes]) -> None:
        raw = json.loads(members["document.json"])
        change(raw)
        members["document.json"] = json.dumps(raw).encode()

    rewrite(path, edit)


def refusal(path: Path) -> str:
    """The one sentence with which a file is refused; the file itself is not touched."""
    before = path.read_bytes()
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert path.read_bytes() == before
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert path.name in sentence
    assert len(sentence) <= 200
    assert sentence.isprintable()
    return sentence


# ---- what is saved is what is opened -----------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(document=documents, kept=st.lists(models, max_size=2))
def test_that_any_document_comes_back_as_it_was(document: Document, kept: list[SavedModel]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.fmstudio"
        save(path, document, kept)
        assert load(path) == (document, tuple(kept))


def test_that_equal_documents_make_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name, DOCUMENT, [MODEL])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_that_a_file_is_json_npy_and_safetensors_and_holds_each_array_once(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive_:
        names = archive_.namelist()
        pickled = [name for name in names if b"\x80\x04\x95" in archive_.read(name)]
    assert sorted(Path(name).suffix for name in names) == [".json", ".npy", ".safetensors"]
    assert pickled == []


# ---- hostile and damaged files -----------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_that_a_damaged_file_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.fmstudio"
        save(path, DOCUMENT, [MODEL])
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
        try:
            outcome: object = load(path)[0]
        except DocumentError as error:
            outcome = error
        assert isinstance(outcome, Document) or str(outcome).endswith(".")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 nothing", b"\x89PNG\r\n" * 50])
def test_that_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.fmstudio"
    path.write_bytes(content)
    assert "no whole zip" in refusal(path)


def test_that_a_truncated_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-200])
    assert "cut short" in refusal(saved)


def test_that_a_zip_bomb_is_refused_by_what_it_really_unpacks_to(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 5000)
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("document.json", b" " * 50_000)
    content = saved.read_bytes()
    saved.write_bytes(
        content.replace(struct.pack("<I", 50_000), struct.pack("<I", 4))
    )  # a lie about the size
    with pytest.raises(DocumentError, match=r"damaged|bomb"):
        load(saved)
    saved.write_bytes(content)
    assert "bomb" in refusal(saved)


def test_that_the_parts_together_are_limited_too(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", saved.stat().st_size + 1)
    assert "unpacks to more than" in refusal(saved)


@pytest.mark.parametrize(
    "name", ["../outside.npy", "/etc/passwd", "arrays/../../x", "..\\x", "C:\\x", "C:/x"]
)
def test_that_paths_outside_are_refused(saved: Path, name: str) -> None:
    rewrite(saved, lambda members: members.update({name: b"x"}))
    assert "outside" in refusal(saved)


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 10**6])
def test_that_a_newer_version_says_so(saved: Path, version: int) -> None:
    edit_document(saved, lambda raw: raw.update(schema_version=version))
    assert "made by a newer fmstudio" in refusal(saved)


@pytest.mark.parametrize("version", [0, -1, "1", None, True, 1.5])
def test_that_a_version_that_is_none_is_refused(saved: Path, version: object) -> None:
    edit_document(saved, lambda raw: raw.update(schema_version=version))
    assert "schema_version" in refusal(saved)


def test_that_a_validation_error_names_the_field(saved: Path) -> None:
    edit_document(saved, lambda raw: raw["simulation"].update(steps=-4))
    assert "simulation.steps" in refusal(saved)
    edit_document(saved, lambda raw: raw.update(simulation={}, colour="red"))
    assert "colour" in refusal(saved)


@pytest.mark.parametrize(
    "expression",
    [
        "exp(",
        "x" * 2_000_000,
        "(" * 100_000,
        "9^9^9^9",
        "x^" * 240 + "x",
        "__import__('os')",
        "\x1b[31m",
        "0",
        7,
    ],
)
def test_that_a_formula_that_is_no_density_is_refused(saved: Path, expression: object) -> None:
    formula = {"kind": "formula", "is_log": False}
    edit_document(saved, lambda raw: raw.update(target={**formula, "expression": "exp(-r^2)"}))
    assert load(saved)[0].target == FormulaSpec(expression="exp(-r^2)", is_log=False)
    edit_document(saved, lambda raw: raw.update(target={**formula, "expression": expression}))
    if expression == 7:
        assert load(saved)[0].target == FormulaSpec(expression="7", is_log=False)
    else:
        assert "target" in refusal(saved)


@pytest.mark.parametrize(
    "text", [b"{", b"[1, 2]", b"\xff\xfe", b'{"schema_version": NaN}', b"[" * 200_000, b"1" * 5000]
)
def test_that_json_garbage_is_refused(saved: Path, text: bytes) -> None:
    rewrite(saved, lambda members: members.update({"document.json": text}))
    assert "document" in refusal(saved)


def test_that_missing_parts_are_named(saved: Path) -> None:
    rewrite(saved, lambda members: members.pop("document.json"))
    assert "document.json is missing" in refusal(saved)


def test_that_a_missing_array_is_named(saved: Path) -> None:
    rewrite(
        saved, lambda members: [members.pop(n) for n in list(members) if n.startswith("arrays/")] and None
    )
    assert ".npy is missing" in refusal(saved)


class Mine:
    """Unpickling it would run a command."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (os.mkdir, ("unpickled",))


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def huge_claim() -> bytes:
    return npy(np.zeros((4, 2), np.float32)).replace(b"(4, 2), }     ", b"(999999999, 2)}")


BAD_ARRAYS = {
    "pickled": (npy(np.array([Mine()], dtype=object)), "no plain array"),
    "bare pickle": (pickle.dumps([1.0]), "no plain array"),
    "wrong shape": (npy(np.zeros((3, 3))), "shape"),
    "text": (npy(np.array(["a", "b"])), "no plain array"),
    "complex": (npy(np.zeros((3, 2), complex)), "no plain array"),
    "claims to be huge": (huge_claim(), "no plain array"),
    "cut": (npy(np.zeros((3, 2)))[:-8], "cut or damaged"),
    "infinite": (npy(np.full((3, 2), np.inf)), "NaN or infinite"),
    "beyond float32": (npy(np.full((3, 2), 1e300)), "NaN or infinite"),
}


@pytest.mark.parametrize("kind", BAD_ARRAYS)
def test_that_a_bad_array_is_refused(
    saved: Path, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    data, reason = BAD_ARRAYS[kind]
    with zipfile.ZipFile(saved) as archive_:
        name = next(n for n in archive_.namelist() if n.startswith("arrays/"))
    rewrite(saved, lambda members: members.update({name: data}))
    assert reason in refusal(saved)
    assert not Path("unpickled").exists()


def test_that_a_raster_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drawn.fmstudio"
    save(path, Document(target=DrawnSpec(raster=FrozenArray(np.ones((16, 16))))))
    rewrite(
        path, lambda members: members.update({n: npy(np.ones((16, 9))) for n in members if "arrays/" in n})
    )
    assert "target.drawn" in refusal(path)


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 64, pickle.dumps({"parameters": 1}), struct.pack("<Q", 2**60)]
)
def test_that_bad_weights_are_refused(saved: Path, data: bytes) -> None:
    rewrite(saved, lambda members: members.update({"weights/000.safetensors": data}))
    assert "weights/000.safetensors" in refusal(saved)


def test_that_weights_without_their_model_or_of_a_wrong_shape_are_refused(saved: Path) -> None:
    from safetensors.numpy import save as pack

    plain = pack({"parameters": np.zeros(4, np.float32)})
    rewrite(saved, lambda members: members.update({"weights/000.safetensors": plain}))
    assert "does not hold the weights" in refusal(saved)
    fields = json.dumps(
        {**MODEL.model_dump(exclude={"parameters", "target"}), "target": {"kind": "two-moons"}}
    )
    square = pack({"parameters": np.zeros((4, 4), np.float32)}, {"fmstudio": fields})
    rewrite(saved, lambda members: members.update({"weights/000.safetensors": square}))
    assert "one vector" in refusal(saved)


def test_that_a_file_that_is_not_there_or_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="not there"):
        load(tmp_path / "none.fmstudio")
    with pytest.raises(DocumentError, match="folder"):
        load(tmp_path)


# ---- the earlier file stays whole --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "No permission"), (errno.EIO, "choose")],
)
def test_that_a_failed_save_leaves_the_earlier_file_and_nothing_else(
    saved: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    before = saved.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SaveError, match=words) as caught:
        save(saved, Document(title="after"))
    assert str(saved) in str(caught.value)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_that_a_disk_that_fills_up_while_writing_is_a_sentence(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(SaveError, match="disk is full"):
        save(saved, Document(title="after"))
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_that_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="not there"):
        save(tmp_path / "missing" / "x.fmstudio", DOCUMENT)
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match=r"not a folder|not there"):
        save(tmp_path / "file" / "x.fmstudio", DOCUMENT)


def test_that_a_file_without_write_permission_is_not_replaced(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as a user who may do anything
    with pytest.raises(SaveError, match="No permission"):
        save(saved, Document(title="after"))
    assert saved.read_bytes() == before


def test_that_saving_through_a_link_keeps_the_link_and_the_permissions(saved: Path) -> None:
    saved.chmod(0o640)
    link = saved.with_name("link.fmstudio")
    link.symlink_to(saved)
    save(link, Document(title="after"))
    assert link.is_symlink()
    assert load(saved)[0].title == "after"
    assert saved.stat().st_mode & 0o777 == 0o640
