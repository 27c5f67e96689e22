"""The ``.fmstudio`` file: one zip of ``document.json``, ``arrays/*.npy`` and ``weights/*.safetensors``.

Arrays lie in members named by their content, which JSON refers to as ``{"array": "arrays/….npy"}``. A weight
file holds the flat parameter vector and those of its checkpoints; the rest of its model is JSON in the
header. ``document.json`` lists every other member with its SHA-256, so that none is lost or changed without a
word. Nothing is ever pickled.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
from pydantic import ValidationError

from fmstudio.document.archive import MAX_MEMBERS, MAX_TOTAL, Archive, ArchiveError
from fmstudio.document.arrays import FrozenArray
from fmstudio.document.atomic import explain_os_error, replacing
from fmstudio.document.document import Document
from fmstudio.document.migrations import UnknownVersion, migrate
from fmstudio.document.parts import LIST, Parts
from fmstudio.document.saved_model import MOST_CHECKPOINTS, Checkpoint, SavedModel
from fmstudio.document.sentences import Told, short

__all__ = ["DocumentError", "SaveError", "SavedModel", "load", "save"]

SUFFIX = ".fmstudio"
_DOCUMENT = "document.json"
_MAX_JSON = 2 * 2**20
_WEIGHTS = "weights/"
_DATE = (1980, 1, 1, 0, 0, 0)
_STEPS = "checkpoint_steps"
_DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What a spec or a library may raise of values that no file of ours holds."""

S = TypeVar("S", Document, SavedModel)


class DocumentError(Told):
    """A file that cannot be opened: one sentence saying why and what to do."""


class SaveError(DocumentError):
    """A file that could not be written: one sentence. The earlier file, if any, is whole."""


def save(path: Path, document: Document, models: Iterable[SavedModel] = ()) -> None:
    """Write a file that holds all of it; equal content gives equal bytes. Raises SaveError."""
    members: dict[str, bytes] = {}
    weights = {f"{_WEIGHTS}{i:03}.safetensors": _pack_model(model, members) for i, model in enumerate(models)}
    fields = _detach(document.model_dump(), members)
    members = {**weights, **members}
    _require_readable(members, path)
    fields[LIST] = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    text = json.dumps(fields, indent=1, allow_nan=False)
    _require_short(text, path)
    members = {_DOCUMENT: text.encode(), **members}
    try:
        with replacing(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                member = zipfile.ZipInfo(name, _DATE)
                # Weights are as good as random: packing them takes long and saves next to nothing.
                is_random = name.startswith(_WEIGHTS)
                member.compress_type = zipfile.ZIP_STORED if is_random else zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                archive.writestr(member, data)
    except OSError as error:
        raise SaveError(explain_os_error(error, path)) from error


def load(path: Path) -> tuple[Document, tuple[SavedModel, ...]]:
    """The document and the models of a file. Raises DocumentError; the file is never changed."""
    try:
        with Archive(path) as archive:
            return _read(archive)
    except OSError as error:
        raise DocumentError(explain_os_error(error, path)) from error
    except (ArchiveError, UnknownVersion) as error:
        reason = str(error)
    except RecursionError:
        reason = "its document is nested too deeply"
    except MemoryError:
        reason = "there is not enough memory for it"
    except _DAMAGE as error:
        reason = f"it holds what no fmstudio wrote ({type(error).__name__})"
    raise DocumentError(f"{short(path.name)} cannot be opened: {_ended(reason)}")


# ---- writing -----------------------------------------------------------------------------------------


def _require_readable(members: dict[str, bytes], path: Path) -> None:
    """Raises SaveError for more than a file may hold to be opened again."""
    size = sum(map(len, members.values()))
    if len(members) >= MAX_MEMBERS or size + _MAX_JSON > MAX_TOTAL:
        raise SaveError(
            f"{short(path.name)} was not written: {len(members)} models and arrays of {size / 2**20:.0f} MB "
            "are more than a file may hold. Take smaller networks or fewer panes."
        )


def _require_short(text: str, path: Path) -> None:
    """Raises SaveError for a document that could not be opened again."""
    if len(text.encode()) > _MAX_JSON:
        raise SaveError(
            f"{short(path.name)} was not written: its moments and panes are more than a file may hold. "
            "Remove some moments of the lesson."
        )


def _detach(value: Any, members: dict[str, bytes]) -> Any:
    """``value`` as JSON, its arrays moved to ``members``."""
    if isinstance(value, FrozenArray):
        name = f"arrays/{value.digest[:32]}.npy"
        members[name] = value.to_npy()
        return {"array": name}
    if isinstance(value, dict):
        return {key: _detach(item, members) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_detach(item, members) for item in value]
    return value


def _pack_model(model: SavedModel, members: dict[str, bytes]) -> bytes:
    """The weights and, a row each, those of the checkpoints; the rest is text in the header."""
    left_out = {"parameters", "checkpoints"} | ({"curve"} if model.curve is None else set())
    fields = _detach(model.model_dump(exclude=left_out), members)
    tensors = {"parameters": model.parameters.values}
    if model.checkpoints:
        fields[_STEPS] = [checkpoint.step for checkpoint in model.checkpoints]
        tensors["checkpoints"] = np.stack([kept.parameters.values for kept in model.checkpoints])
    metadata = {"fmstudio": json.dumps(fields, allow_nan=False)}
    return bytes(safetensors.numpy.save(tensors, metadata))


# ---- reading -----------------------------------------------------------------------------------------


def _read(archive: Archive) -> tuple[Document, tuple[SavedModel, ...]]:
    raw = _parse(archive.read(_DOCUMENT, _MAX_JSON), _DOCUMENT)
    parts = Parts(archive, raw.pop(LIST, None), _DOCUMENT)
    document = _validated(Document, parts.attached(migrate(raw)), _DOCUMENT)
    return document, tuple(_unpack_model(name, parts) for name in parts.weights)


def _parse(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > _MAX_JSON:
        raise ArchiveError(f"its part {short(name)} is larger than {_MAX_JSON // 2**20} MB")
    try:
        raw = json.loads(data.decode(), parse_constant=_refuse_constant)
    except ValueError as error:
        raise ArchiveError(f"its part {short(name)} is not JSON") from error
    if not isinstance(raw, dict):
        raise ArchiveError(f"its part {short(name)} holds no document")
    return raw


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that a document may hold")


def _unpack_model(name: str, parts: Parts) -> SavedModel:
    data = parts.read(name)
    try:
        tensors = dict(safetensors.deserialize(data))  # type: ignore[no-untyped-call]
        metadata = _metadata(data)
    except (safetensors.SafetensorError, ValueError) as error:
        raise ArchiveError(f"its part {short(name)} is damaged") from error
    if "fmstudio" not in metadata:
        raise _no_weights(name)
    fields = parts.attached(_parse(metadata["fmstudio"].encode(), name))
    values = FrozenArray(_numbers(tensors, "parameters", name))
    kept = _checkpoints(fields.pop(_STEPS, []), tensors, name)
    return _validated(SavedModel, {**fields, "parameters": values, "checkpoints": kept}, name)


def _numbers(tensors: dict[str, Any], key: str, name: str) -> npt.NDArray[np.float32]:
    tensor = tensors.get(key)
    if tensor is None or tensor["dtype"] != "F32":
        raise _no_weights(name)
    return np.frombuffer(tensor["data"], "<f4").reshape(tensor["shape"])


def _no_weights(name: str) -> ArchiveError:
    return ArchiveError(f"its part {short(name)} does not hold the weights of a fmstudio model")


def _checkpoints(steps: Any, tensors: dict[str, Any], name: str) -> tuple[Checkpoint, ...]:
    if not isinstance(steps, list) or len(steps) > MOST_CHECKPOINTS:
        raise _no_weights(name)
    rows = _numbers(tensors, "checkpoints", name) if steps else ()
    if len(rows) != len(steps):
        raise ArchiveError(f"its part {short(name)} is damaged: {len(steps)} checkpoints, {len(rows)} rows")
    kept = zip(steps, rows, strict=True)
    return tuple(Checkpoint(step=step, parameters=FrozenArray(row)) for step, row in kept)


def _metadata(data: bytes) -> dict[str, str]:
    """The text entries in the header of a safetensors file (which its reader has found sound)."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    return dict(header.get("__metadata__") or {})


def _validated(kind: type[S], raw: dict[str, Any], name: str) -> S:
    """Raises ArchiveError that names the first field that is wrong."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        reason = first["msg"].removeprefix("Value error, ")
        raise ArchiveError(f"in its part {name}, {field[:80]} is wrong: {reason[:200]}") from error


def _ended(clause: str) -> str:
    return clause if clause.endswith(".") else f"{clause}."
