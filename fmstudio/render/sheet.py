"""Where everything lies on a picture: panes, their words, the legend that they share, the time bar.

Pure arithmetic over measured words, so that a window, a film and a test see one layout. Content comes first:
words take the upper and lower edge of the panes, and what is fitted lies between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fmstudio.render.palette import Palette
from fmstudio.render.panes import Edges, PaneArea, pane_areas
from fmstudio.render.scene import Legend, Pane, Scene
from fmstudio.render.text import LINE, PAD, SIZE, Words, block_size, legend_lines, notice_lines, title_lines

Item = TypeVar("Item")

MARGIN = 12.0
"""Logical pixels between words and the pane's edge."""
BAR = 40.0
"""Logical height of the time bar."""
STRIP = 7.0
"""Logical pixels above and below the words of the shared legend."""
ROW = SIZE * LINE
REFERENCE = 720.0
SMALLEST = (1.0, 0.88, 0.76, 0.64, 0.52)
"""Words that have no room are set smaller, step by step."""


@dataclass(frozen=True)
class Placed:
    """Lines of words and the pixels of their plate, from its upper left corner."""

    lines: Words
    ratio: float
    x: int
    y: int
    width: int
    height: int
    centred: bool = False


@dataclass(frozen=True)
class Plan:
    """The layout of one scene on one sheet."""

    areas: tuple[PaneArea, ...]
    words: tuple[tuple[Placed, ...], ...]
    """title, legend and notice of each pane: those that it has"""
    legend: Placed | None
    """what all panes share"""
    foot: int
    """where the panes end: the shared legend and the time bar are below"""
    bar: int
    """where the time bar begins; the sheet's height without one"""


@dataclass(frozen=True)
class Sheet:
    """What is drawn upon: size in physical pixels, and what a window and a film do differently."""

    width: int
    height: int
    ratio: float = 1.0
    """physical pixels per logical pixel"""
    time_bar: bool = False
    transparent: bool = False
    reserve: float = 0.0
    """logical pixels kept free of words in each pane's upper right corner"""
    enlarged: float = 1.0
    """how much larger words are than in a window"""
    shrinks: bool = True
    """whether points and lines are smaller in smaller panes"""

    def layer_ratio(self, area: PaneArea) -> float:
        """Physical pixels per logical pixel of points and lines: they have the size that is asked for where
        the content has REFERENCE logical pixels, and cover about the same share of any other pane."""
        scale = min(max(area.side / (self.ratio * REFERENCE), 0.2), 1.4) ** 0.5
        return self.ratio * (scale if self.shrinks else 1.0)

    @property
    def words(self) -> float:
        """Physical pixels per logical pixel of words."""
        return self.ratio * self.enlarged

    def areas(self, scene: Scene) -> tuple[PaneArea, ...]:
        return self.plan(scene).areas

    def plan(self, scene: Scene) -> Plan:
        """Where everything lies."""
        bar = self._bar_top() if scene.chrome else self.height
        if not scene.chrome:
            return Plan(pane_areas(len(scene.panes), self.width, bar), (), None, bar, bar)
        shared, panes = agreed(scene.panes)
        legend = self._shared_legend(shared, scene.palette, bar) if len(panes) > 1 else None
        foot = max(legend.y + round((PAD - STRIP) * self.words), 1) if legend else bar
        areas = pane_areas(len(panes), self.width, foot, edges=self.edges())
        titles, legends, edges = self._set(panes, areas, scene.palette)
        areas = tuple(replace(area, edges=edges) for area in areas)
        words = tuple(
            tuple(
                one
                for one in (
                    title,
                    below,
                    self._notice(pane, area, title, below, scene.palette),
                )
                if one
            )
            for pane, area, title, below in zip(panes, areas, titles, legends, strict=True)
        )
        return Plan(areas, words, legend if shared else None, foot, bar)

    def edges(self, title_rows: int = 1) -> Edges:
        """What a title of so many rows and a legend of one take."""
        return Edges(self._taken(title_rows, self.words), self._taken(1, self.words))

    def _taken(self, rows: int, ratio: float) -> int:
        """Pixels from the pane's edge to the far side of the plate of so many rows."""
        pad = round(PAD * ratio)
        return round(MARGIN / 2 * self.words) - pad // 2 + round(ROW * ratio * rows) + 2 * pad

    def places(self, n: int) -> tuple[PaneArea, ...]:
        """Where ``n`` panes lie while their words are not known."""
        height = self._bar_top() - (round((ROW + 2 * STRIP) * self.words) if n > 1 else 0)
        return pane_areas(n, self.width, max(height, 1), edges=self.edges())

    def sight(self, n: int) -> tuple[float, float]:
        """How far ``n`` panes here let one see at least, in units of the camera's ``half``."""
        area = self.places(n)[0]
        return replace(area, edges=self._bounded(self.edges(2), area)).sight

    def _bar_top(self) -> int:
        """A bar that would take a quarter of the picture is left out."""
        has_bar = self.time_bar and self.height >= 4 * BAR * self.words
        return max(self.height - round(BAR * self.words), 1) if has_bar else self.height

    def _shared_legend(self, shared: tuple[Legend, ...], palette: Palette, bar: int) -> Placed:
        """At the foot of the panes; one row is kept for it before there is anything to say."""
        ratio, margin = self.words, round(MARGIN * self.words)
        lines = legend_lines(shared, palette, ratio, self.width - 2 * margin) or ((),)
        width, height = block_size(lines, ratio)
        pad = round(PAD * ratio)
        return Placed(lines, ratio, margin - pad, bar - height + pad - round(STRIP * ratio), width, height)

    def _set(
        self, panes: Sequence[Pane], areas: Sequence[PaneArea], palette: Palette
    ) -> tuple[list[Placed | None], list[Placed | None], Edges]:
        """Titles and legends of all panes, in one size: as large as leaves most of each pane to its content.
        The edges are one for all panes, so that all are seen at one scale."""
        area = areas[0]
        most = max(0.4 * area.height, area.height - area.width)
        for smaller in SMALLEST:
            ratio = self.words * smaller
            pairs = list(zip(panes, areas, strict=True))
            titles = [self._title(pane, area, palette, ratio) for pane, area in pairs]
            legends = [self._legend(pane, area, palette, ratio) for pane, area in pairs]
            top = max((t.y + t.height - a.y for t, a in zip(titles, areas, strict=True) if t), default=0)
            rows = (a.y + a.height - b.y for b, a in zip(legends, areas, strict=True) if b)
            bottom = max(self._taken(1, ratio), *rows, 0)
            if top + bottom <= most:
                break
        clear = zip(titles, legends, strict=True)
        legends = [b if b and (t is None or b.y >= t.y + t.height) else None for t, b in clear]
        legends = [b if b and b.y >= a.y else None for b, a in zip(legends, areas, strict=True)]
        return titles, legends, self._bounded(Edges(top, bottom), area)

    def _title(self, pane: Pane, area: PaneArea, palette: Palette, ratio: float) -> Placed | None:
        if not (pane.title or pane.subtitle):
            return None
        left, top, pad = round(MARGIN * self.words), round(MARGIN / 2 * self.words), round(PAD * ratio)
        room = area.width - 2 * left - round(self.reserve * self.ratio)
        lines = title_lines(pane.title, pane.subtitle, palette, ratio, max(room, 4 * SIZE * ratio))
        return Placed(lines, ratio, area.x + left - pad, area.y + top - pad // 2, *block_size(lines, ratio))

    def _legend(self, pane: Pane, area: PaneArea, palette: Palette, ratio: float) -> Placed | None:
        """Above the lower edge."""
        if not pane.legend:
            return None
        left, below, pad = round(MARGIN * self.words), round(MARGIN / 2 * self.words), round(PAD * ratio)
        lines = legend_lines(pane.legend, palette, ratio, max(area.width - 2 * left, 4 * SIZE * ratio))
        width, height = block_size(lines, ratio)
        y = area.y + area.height - below + pad // 2 - height
        return Placed(lines, ratio, area.x + left - pad, y, width, height)

    def _bounded(self, edges: Edges, area: PaneArea) -> Edges:
        """The content keeps at least half of a pane's height."""
        share = min(1.0, 0.5 * area.height / max(edges.top + edges.bottom, 1))
        if area.height - edges.top - edges.bottom >= area.width:
            share = 1.0
        return Edges(int(edges.top * share), int(edges.bottom * share))

    def _notice(
        self, pane: Pane, area: PaneArea, title: Placed | None, legend: Placed | None, palette: Palette
    ) -> Placed | None:
        """Or what it waits for: in the middle, between title and legend."""
        notice = pane.notice or pane.waiting
        top = title.y + title.height if title else area.y
        bottom = legend.y if legend else area.y + area.height
        for smaller in SMALLEST if notice else ():
            ratio = self.words * smaller
            widest = min(0.8 * area.width, area.width - 2 * MARGIN * ratio)
            lines = notice_lines(notice, palette, ratio, widest)
            width, height = block_size(lines, ratio)
            if height <= bottom - top:
                y = min(max(round(area.y + (area.height - height) / 2), top), bottom - height)
                return Placed(
                    lines, ratio, area.x + (area.width - width) // 2, y, width, height, centred=True
                )
        return None


def agreed(panes: tuple[Pane, ...]) -> tuple[tuple[Legend, ...], tuple[Pane, ...]]:
    """What panes agree on, and the panes without it: parts that all subtitles have, and what at least two
    panes say in the same words of what no pane says otherwise."""
    panes = tuple(replace(pane, legend=tuple(map(_words_of, pane.legend))) for pane in panes)
    if len(panes) == 1:
        return (), panes
    parts = _common([pane.subtitle.split(" · ") if pane.subtitle else [] for pane in panes])
    said = [entry for pane in panes for entry in pane.legend]
    names = {entry.name for entry in said}
    disputed = {name for name in names if len({entry for entry in said if entry.name == name}) > 1}
    entries = [e for e in dict.fromkeys(said) if e.name not in disputed and said.count(e) > 1]
    rest = tuple(
        replace(
            pane,
            subtitle=" · ".join(_untold(pane, parts)),
            legend=tuple(entry for entry in pane.legend if entry not in entries),
        )
        for pane in panes
    )
    told = (Legend("", " · ".join(parts)),) if parts else ()
    return (*told, *entries), rest


def _untold(pane: Pane, shared: Sequence[str]) -> Iterator[str]:
    """Parts of the subtitle that neither all panes share nor the pane's own title says."""
    told = {*shared, pane.title, *pane.title.split(", ")}
    for part in pane.subtitle.split(" · "):
        if part not in told:
            yield part


def _words_of(entry: Legend) -> Legend:
    """Without the request that it answers: panes agree where their words do."""
    return replace(entry, answers=None)


def _common(lists: Sequence[Sequence[Item]]) -> list[Item]:
    return [item for item in lists[0] if all(item in other for other in lists[1:])]


def natural_ratio(width: int, height: int) -> float:
    """Points and lines as large as in a picture of 720 pixels, never under three quarters of their size."""
    return max(0.75, min(width, height) / 720)


def film_sheet(
    width: int,
    height: int,
    ratio: float | None = None,
    *,
    time_bar: bool = True,
    transparent: bool = False,
) -> Sheet:
    """What a film or a picture is drawn upon. They are seen smaller than a window, so their words are larger:
    24 pixels at 1080p."""
    if ratio is not None:
        return Sheet(width, height, ratio, time_bar, transparent, shrinks=False)
    return Sheet(width, height, natural_ratio(width, height), time_bar, transparent, enlarged=1.25)
