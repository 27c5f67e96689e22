"""What of a person's work is on no disk: the document, or what was trained for it. GUI thread."""

from __future__ import annotations

from typing import final

from fmstudio.engine.messages import LearnedModel
from fmstudio.studio.opening import models_of
from fmstudio.studio.results import Results
from fmstudio.studio.store import Store


@final
class Unsaved:
    """Told of each time that document and models are as on disk."""

    def __init__(self, store: Store, results: Results) -> None:
        self._store, self._results = store, results
        self._on_disk = self.models

    def mark_saved(self) -> None:
        """The models that the document has now are those of its file."""
        self._on_disk = self.models

    @property
    def models(self) -> tuple[LearnedModel, ...]:
        """Those that are saved with the document."""
        return models_of(self._store.document, self._results)

    @property
    def is_model(self) -> bool:
        """Some model was trained, or trained on, since then."""
        known = {id(model) for model in self._on_disk}
        return any(id(model) not in known for model in self.models)

    @property
    def is_any(self) -> bool:
        return self._store.is_dirty or self.is_model
