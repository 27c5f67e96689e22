"""What of a person's work is on no disk: the document, or what was trained for it. GUI thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio import learning
from fmstudio.studio.opening import models_of, recipes_of
from fmstudio.studio.results import Recipe, Results
from fmstudio.studio.store import Entry, Store


@final
class Unsaved:
    """Told of each time that document and models are as on disk. A model that was trained without being asked
    for can be had again, and is nobody's work."""

    def __init__(self, store: Store, results: Results) -> None:
        self._store, self._results = store, results
        self._on_disk: dict[int, FrozenArray] = {}
        """parameters by identity (comparing them takes long); kept, so that no other gets their number"""
        self._unasked: set[Recipe] = set()

    def mark_saved(self, models: Iterable[LearnedModel]) -> None:
        """These are in a file, or in the gallery."""
        self._on_disk.update((id(model.parameters), model.parameters) for model in models)

    def disregard(self, recipes: Iterable[Recipe]) -> None:
        """What is trained now without being asked for."""
        self._unasked.update(recipes)

    def regard(self, recipes: Iterable[Recipe]) -> None:
        """What somebody asks for."""
        self._unasked.difference_update(recipes)

    @property
    def models(self) -> tuple[LearnedModel, ...]:
        """Those that are saved with the document."""
        return models_of(self._store.document, self._results)

    @property
    def is_model(self) -> bool:
        """Some model was trained, or trained on, since then."""
        return self._is_any_for(self._store.document)

    @property
    def lefts(self) -> tuple[Entry, ...]:
        """The openings by which unsaved work was left, the last at the end; undo brings it back."""
        return tuple(
            entry for entry in self._store.openings if entry.left_unsaved or self._is_any_for(entry.before)
        )

    def _is_any_for(self, document: Document) -> bool:
        models = (self._results.models[recipe] for recipe in recipes_of(document, self._results))
        fresh = (model for model in models if id(model.parameters) not in self._on_disk)
        return any(learning.recipe_of_model(model) not in self._unasked for model in fresh)

    @property
    def is_any(self) -> bool:
        return self._store.is_dirty or self.is_model
