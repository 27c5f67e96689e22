"""From what a person names (a gallery id or a file) to a document and its models; and back to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from fmstudio.document import files, gallery
from fmstudio.document.document import Document
from fmstudio.document.lesson import documents_of
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio import learning
from fmstudio.studio.results import Recipe, Results

Opened = tuple[Document, tuple[LearnedModel, ...]]


def open_document(name: str) -> Opened:
    """Open a gallery id or a .fmstudio file. Raises ValueError with one sentence.

    A file is meant where the name ends in .fmstudio or holds a slash: a folder or a file that happens to be
    called like a gallery entry changes nothing."""
    path = file_named(name)
    return open_gallery(name) if path is None else open_file(path)


def file_named(name: str) -> Path | None:
    """The file that a name means, or None where it means a gallery entry."""
    path = Path(name).expanduser()
    if path.suffix.lower() == files.SUFFIX or "/" in name or os.sep in name:
        return path
    is_entry = any(entry.id == name for entry in gallery.ENTRIES)
    return path if os.path.isfile(path) and not is_entry else None


def open_gallery(entry_id: str) -> Opened:
    """The built-in document of that id. Raises ValueError naming what is near."""
    ids = [entry.id for entry in gallery.ENTRIES]
    for entry in gallery.ENTRIES:
        if entry.id == entry_id:
            return entry.make(), ()
    near = get_close_matches(entry_id, ids, 1)
    hint = f"did you mean '{near[0]}'?" if near else "'fmstudio gallery' lists them."
    raise ValueError(f"'{entry_id}' is neither a built-in document nor a .fmstudio file; {hint}")


def open_file(path: Path) -> Opened:
    """Read a .fmstudio file. Raises DocumentError (a ValueError)."""
    document, models = files.load(path)
    return document, tuple(_learned(model) for model in models)


def save_file(path: Path, document: Document, results: Results) -> None:
    """Write the document and the models of its panes. Raises DocumentError; the earlier file stays whole."""
    save_models(path, document, models_of(document, results))


def save_models(path: Path, document: Document, models: Iterable[LearnedModel]) -> None:
    """Write the document and these models. Raises DocumentError; the earlier file stays whole."""
    files.save(path, document, [_saved(model) for model in models])


def models_of(document: Document, results: Results) -> tuple[LearnedModel, ...]:
    """The published models that belong to the document's experiments and to those of its lesson, with the
    curves of their losses."""
    return tuple(results.with_curve(recipe) for recipe in recipes_of(document, results))


def recipes_of(document: Document, results: Results) -> tuple[Recipe, ...]:
    """The recipes of those models."""
    return tuple(dict.fromkeys(recipe for each in documents_of(document) for recipe in _shown(each, results)))


def _shown(document: Document, results: Results) -> tuple[Recipe, ...]:
    """Of the models that one document shows."""
    models, asked = results.models, learning.needed(document)
    recipes = dict.fromkeys((learning.recipe_of(document), *asked))
    found = [recipe for recipe in recipes if recipe in models]
    shown = (document.experiment(index) for index in range(len(document.view.panes)))
    similar = (learning.model_for(experiment, models) for experiment in shown)
    found += [learning.recipe_of_model(model) for model in similar if model is not None]
    return tuple(dict.fromkeys(found))


_SHARED = tuple(field.name for field in fields(LearnedModel) if field.name != "problem")
"""What a file keeps of a model under the same names."""


def _saved(model: LearnedModel) -> files.SavedModel:
    ends = {name: getattr(model.problem, name) for name in ("source", "target", "path", "coupling")}
    return files.SavedModel(**ends, **{name: getattr(model, name) for name in _SHARED})


def _learned(model: files.SavedModel) -> LearnedModel:
    return LearnedModel(problem=model.problem, **{name: getattr(model, name) for name in _SHARED})
