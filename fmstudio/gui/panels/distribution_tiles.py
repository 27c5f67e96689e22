"""Thumbnails of the distributions that may stand at one end. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Signal

from fmstudio.document.specs.spec import Spec
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.tile_grid import TileGrid
from fmstudio.gui.widgets.tiles import Thumbnail
from fmstudio.studio.asked_files import End
from fmstudio.studio.planner import thumbnail_lane
from fmstudio.studio.results import Results

COLUMNS = 6


class DistributionTile(Thumbnail):
    """One kind."""

    picked = Signal(object)
    """its spec type"""

    def __init__(self, end: End, spec: type[Spec], theme: Theme) -> None:
        title = str(spec.title)  # type: ignore[attr-defined]
        doc = (spec.__doc__ or title).split("\n")[0]
        super().__init__(
            title, f"{title}: {doc if doc[1:2] == '(' else doc[:1].lower() + doc[1:]}", end, theme
        )
        self.kind = str(spec.model_fields["kind"].default)
        self._spec = spec
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        self.picked.emit(self._spec)


class DistributionTiles(TileGrid):
    """The tiles of one end, live: each shows samples as soon as the engine has drawn them."""

    picked = Signal(object)
    file_dropped = Signal(str)

    def __init__(self, end: End, kinds: tuple[type[Spec], ...], theme: Theme) -> None:
        super().__init__("Choose the source" if end == "source" else "Choose the target", COLUMNS)
        self.tiles: dict[str, DistributionTile] = {}
        for spec in kinds:
            tile = DistributionTile(end, spec, theme)
            tile.picked.connect(self._on_tile_picked)
            tile.file_dropped.connect(self._on_tile_file_dropped)
            self.tiles[tile.kind] = tile
            self.add(tile)

    def show_kinds(self, kinds: set[str]) -> None:
        """Mark what the panes use."""
        for kind, tile in self.tiles.items():
            tile.setChecked(kind in kinds)

    def take_samples(self, results: Results) -> None:
        """Draw thumbnails that have arrived."""
        for kind, tile in self.tiles.items():
            if tile.has_points:
                continue
            slot = results.slots.get(thumbnail_lane(kind))
            job = slot.at(0) if slot is not None else None
            if job is not None:
                tile.show_points(job.result.values[0])

    def _on_tile_picked(self, spec: object) -> None:
        self.picked.emit(spec)

    def _on_tile_file_dropped(self, path: str) -> None:
        self.file_dropped.emit(path)
