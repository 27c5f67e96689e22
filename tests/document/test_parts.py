"""The members of a saved file: none is lost or passed over, and all are judged before one is unpacked."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmstudio.document import files, parts
from fmstudio.document.arrays import FrozenArray, read_npy
from fmstudio.document.document import Document
from fmstudio.document.files import DocumentError, SaveError, load, save
from fmstudio.document.specs.distribution import DrawnSpec
from tests.document.test_files import DOCUMENT, MODEL, npy, refusal, rewrite

Members = dict[str, bytes]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "session.fmstudio"
    save(path, DOCUMENT, [MODEL])
    return path


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def outcome_of(path: Path) -> object:
    """What is in the file, or the sentence with which it is refused."""
    try:
        return load(path)
    except DocumentError as error:
        told = str(error)
    assert len(told) <= 200
    assert told.isprintable()
    assert told.endswith(".")
    return told


def under_another_name(path: Path, name: str, other: str, listed: bool) -> None:
    def rename(members: Members) -> None:
        members[other] = members.pop(name)

    rewrite(path, rename, listed)


# ---- damage is told ----------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "of an older version"])
@pytest.mark.parametrize("bit", [0, 3, 6])
def test_that_no_flipped_bit_in_a_name_loses_anything(tmp_path: Path, bit: int, listed: bool) -> None:
    path = tmp_path / "flipped.fmstudio"
    save(path, DOCUMENT, [MODEL])
    content = path.read_bytes()
    for name in names(path):
        for place in range(len(name)):
            other = name[:place] + chr(ord(name[place]) ^ 1 << bit) + name[place + 1 :]
            path.write_bytes(content)
            under_another_name(path, name, other, listed)
            outcome = outcome_of(path)
            if not isinstance(outcome, str):
                assert outcome == (DOCUMENT, (MODEL,)), other
                assert not listed


def test_that_a_missing_weight_file_and_what_stands_for_it_are_named(saved: Path) -> None:
    under_another_name(saved, "weights/000.safetensors", "weighus/000.safetensors", listed=True)
    sentence = refusal(saved)
    assert "weights/000.safetensors is missing" in sentence
    assert "weighus/000.safetensors" in sentence


def test_that_a_member_that_is_not_listed_is_told(saved: Path) -> None:
    rewrite(saved, lambda members: members.update({"arrays/more.npy": npy(np.zeros(3))}), listed=True)
    assert "arrays/more.npy" in refusal(saved)


def test_that_other_bytes_under_a_listed_name_are_told(saved: Path) -> None:
    array = next(name for name in names(saved) if name.startswith("arrays/"))
    rewrite(saved, lambda members: members.update({array: npy(np.ones((3, 2), np.float32))}), listed=True)
    assert "not what was saved" in refusal(saved)


@pytest.mark.parametrize("listed", [5, [], {"weights/000.safetensors": 5}, "all"])
def test_that_a_list_that_is_none_is_told(saved: Path, listed: object) -> None:
    def change(members: Members) -> None:
        members["document.json"] = json.dumps(
            {**json.loads(members["document.json"]), "members": listed}
        ).encode()

    rewrite(saved, change)
    assert "list of parts" in refusal(saved)


def test_that_what_could_not_be_opened_again_is_not_saved(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    monkeypatch.setattr(files, "MAX_TOTAL", files._MAX_JSON + 10)
    with pytest.raises(SaveError, match="more than a file may hold"):
        save(saved, DOCUMENT, [MODEL])
    assert saved.read_bytes() == before


# ---- judged before it is unpacked --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["?", "i1", "f2", "f8"])
@pytest.mark.parametrize("count", [1, 4])
def test_that_arrays_that_are_too_many_are_refused_before_they_are_unpacked(
    saved: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, count: int
) -> None:
    monkeypatch.setattr(parts, "MAX_VALUES", 2**20)
    side = 2**20 // count + 1
    big = npy(np.zeros((side, 2 if count == 1 else 1), dtype))
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"arrays/{number:032x}.npy", big)
    rewrite_compressed(saved)
    del big
    tracemalloc.start()
    try:
        assert "more than 1,048,576 numbers" in refusal(saved)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def rewrite_compressed(path: Path) -> None:
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    raw = json.loads(members["document.json"])
    raw.pop("members")
    members["document.json"] = json.dumps(raw).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in members.items():
            new.writestr(name, data)


def test_that_an_array_that_is_used_often_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "often.fmstudio"
    drawn = DrawnSpec(raster=FrozenArray(np.ones((64, 64))))
    save(path, Document(source=DOCUMENT.source, target=drawn), [MODEL.model_copy(update={"target": drawn})])
    document, (model,) = load(path)
    assert isinstance(document.target, DrawnSpec)
    assert isinstance(model.target, DrawnSpec)
    assert names(path).count(next(n for n in names(path) if n.startswith("arrays/"))) == 1


# ---- what is no plain array, zip or document ---------------------------------------------------------


def with_header(header: str | bytes, version: int = 1, body: bytes = b"") -> bytes:
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + body


PLAIN = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }"
HEADERS = {
    "unclosed": PLAIN[:-5],
    "open bracket": "{'descr': '<f8', 'fortran_order': False, 'shape': (",
    "minus signs": PLAIN.replace("(2, 2)", "-" * 900 + "1"),
    "a negative side": PLAIN.replace("2, 2", "-2, 2"),
    "nested": "(" * 800,
    "nested lists": PLAIN.replace("(2, 2)", "[" * 400 + "]" * 400),
    "a call": PLAIN.replace("(2, 2)", "__import__('os').getcwd()"),
    "a huge side": PLAIN.replace("2, 2", "9" * 900),
    "a huge product": PLAIN.replace("2, 2", ", ".join(["9" * 15] * 8)),
    "many sides": PLAIN.replace("2, 2", ", ".join(["1"] * 64)),
    "unknown type": PLAIN.replace("<f8", "<f3"),
    "structured": PLAIN.replace("'<f8'", "[('a', '<f8')]"),
    "objects": PLAIN.replace("<f8", "|O"),
    "twice the same": "{'descr': '<f8', 'descr': '<f8', 'shape': (2, 2), }",
    "control characters": PLAIN.replace("<f8", "\x1b[2J\x07"),
    "null bytes": "\0" * 100,
    "no header": "",
}
TOO_LONG = {
    "20,000 characters": with_header(PLAIN + " " * 20_000, body=bytes(32)),
    "4 GB": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + PLAIN.encode(),
}
BAD_NPY = {**{kind: with_header(header, body=bytes(32)) for kind, header in HEADERS.items()}, **TOO_LONG}


@pytest.mark.parametrize("kind", BAD_NPY)
def test_that_a_header_that_is_none_is_one_sentence(saved: Path, kind: str) -> None:
    array = next(name for name in names(saved) if name.startswith("arrays/"))
    rewrite(saved, lambda members: members.update({array: BAD_NPY[kind]}))
    sentence = refusal(saved)
    assert "no plain array" in sentence
    assert "pickle" not in sentence


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["?", "i1", "<u2", ">i4", "<f2", ">f4", "f8", "longdouble"])
def test_that_what_numpy_writes_is_read(version: tuple[int, int], order: str, dtype: str) -> None:
    for shape in ((), (0, 2), (3,), (3, 2), (2, 3, 4)):
        values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.asarray(values, order=order), version)  # type: ignore[call-overload]
        again = read_npy(stream.getvalue())
        assert again.dtype == values.dtype
        np.testing.assert_array_equal(again, values)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_that_any_other_npy_is_an_array_or_a_clause(data: st.DataObject) -> None:
    content = bytearray(npy(np.arange(6.0).reshape(3, 2)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(6, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        FrozenArray.from_npy(bytes(content))


def set_target(value: object) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        raw = {**json.loads(members["document.json"]), "target": {"kind": "drawn", "raster": value}}
        members["document.json"] = json.dumps(raw).encode()

    return change


@pytest.mark.parametrize(
    "value",
    [
        [{"a": 1}] * 8,
        [[{}] * 8] * 8,
        {"npy": 5},
        {"npy": None},
        {"npy": "é"},
        {"npy": "AAAA"},
        {"array": 5},
        {"array": "document.json"},
        {"array": "weights/000.safetensors"},
        [[10**400] * 8] * 8,
        [[1e308] * 8] * 8,
        [[1], [1, 2]],
        ["\x1b[2J"] * 8,
        10**4000,
        True,
        None,
        {},
    ],
    ids=range(17),
)
def test_that_what_is_no_raster_is_refused(saved: Path, value: object) -> None:
    rewrite(saved, set_target(value))
    refusal(saved)


@pytest.mark.parametrize("field", ["schema_version", "title", "target", "simulation", "view", "dynamics"])
@pytest.mark.parametrize(
    "value",
    [10**400, -(10**4000), 1e300, "\x1b]0;owned\x07" * 50, [], {}, None, True, {"kind": "\x1b" * 999}],
)
def test_that_no_value_of_a_field_is_more_than_a_sentence(saved: Path, field: str, value: object) -> None:
    def change(members: Members) -> None:
        raw = {**json.loads(members["document.json"]), field: value}
        members["document.json"] = json.dumps(raw).encode()

    rewrite(saved, change)
    outcome_of(saved)


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_that_other_packings_are_refused_by_name(saved: Path, packing: int) -> None:
    with zipfile.ZipFile(saved, "w", packing) as archive:
        archive.writestr("document.json", b"{}")
    assert "packed in a way" in refusal(saved)


def test_that_an_encrypted_zip_is_called_so(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        content[at + place] |= 1
    saved.write_bytes(bytes(content))
    assert "encrypted" in refusal(saved)


def test_that_a_list_of_members_without_end_is_refused_before_it_is_read(saved: Path) -> None:
    with zipfile.ZipFile(saved, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"arrays/{number}.npy", b"")
    tracemalloc.start()
    try:
        assert "list of parts" in refusal(saved)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20  # of which the test reads the file twice
    finally:
        tracemalloc.stop()
