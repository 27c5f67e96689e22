"""Nothing that belongs to a scene is cut, no words overlap or leave their pane: on any sheet."""

from __future__ import annotations

from itertools import combinations

import pytest

from fmstudio.document.gallery import ENTRIES, Entry
from fmstudio.render import words
from fmstudio.render.palette import DARK
from fmstudio.render.scene import Camera, Legend, Pane, Scene
from fmstudio.render.sheet import Placed, Plan, Sheet, agreed, film_sheet
from fmstudio.studio.comparisons import COMPARISONS
from fmstudio.studio.fit import camera_of, extent_of
from fmstudio.studio.resolve import Known, Look, resolve

WINDOW = 216.0
SHEETS = {
    "opening": Sheet(860, 780, reserve=WINDOW),
    "1024x640": Sheet(444, 520, reserve=40.0),
    "200%": Sheet(888, 1040, 2.0, reserve=40.0),
    "full-screen": Sheet(1920, 1100, reserve=WINDOW),
    "1440 without columns": Sheet(1440, 780, reserve=WINDOW),
    "720p": film_sheet(1280, 720),
    "vertical": film_sheet(720, 1280),
    "square": film_sheet(900, 900),
    "1080p": film_sheet(1920, 1080),
    "4K": film_sheet(3840, 2160),
    "small": film_sheet(480, 270),
}
LEGEND = (
    Legend("density", "by the divergence of uₜ along its flow (Hutchinson, one probe a point) · 40% done"),
    Legend("field", "naive average: uₜ(x|z) over p_data, not over the posterior"),
    Legend("colour", "where each particle began"),
)
NOTICE = "No closed form for a ring source with a checkerboard target: train a model to see it move."

sheets = pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
entries = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)


def talkative(document, notice: str = "") -> Scene:
    """The panes of a document with as many words as they can have."""
    shown = []
    for index in range(len(document.view.panes)):
        pane = resolve(document, index, Known(), Look())
        own = Legend("W₂", f"to p_data 0.{150 + index} (floor 0.164)")
        title, subtitle = words.title(pane), words.subtitle(pane)
        shown.append(Pane(title, subtitle, (), (*LEGEND, own), notice))
    camera = camera_of(document)
    return Scene(tuple(shown), Camera(camera.x, camera.y, camera.half), DARK, 0.5)


def rectangle(words: Placed) -> tuple[int, int, int, int]:
    return words.x, words.y, words.x + words.width, words.y + words.height


def overlap(a: Placed, b: Placed) -> bool:
    (ax, ay, ar, ab), (bx, by, br, bb) = rectangle(a), rectangle(b)
    return ax < br and bx < ar and ay < bb and by < ab


def check_words(plan: Plan, sheet: Sheet) -> None:
    for area, placed in zip(plan.areas, plan.words, strict=True):
        for one in placed:
            x, y, right, bottom = rectangle(one)
            assert area.x <= x
            assert right <= area.x + area.width
            assert area.y <= y
            assert bottom <= area.y + area.height
        assert not any(overlap(a, b) for a, b in combinations(placed, 2))
    if plan.legend is not None:
        x, y, right, bottom = rectangle(plan.legend)
        assert x >= 0
        assert right <= sheet.width
        assert bottom <= plan.bar + 6 * sheet.words
        assert all(area.y + area.height <= plan.foot for area in plan.areas)


@entries
@sheets
def test_that_every_pane_shows_all_that_belongs_to_it(entry: Entry, sheet: Sheet) -> None:
    document = entry.make()
    scene = talkative(document)
    for index, area in enumerate(sheet.plan(scene).areas):
        x0, y0, x1, y1 = extent_of(document.experiment(index)).box
        for x, y in ((x0, y0), (x1, y1), (x0, y1), (x1, y0)):
            px, py = area.to_pixel(x, y, scene.camera)
            assert area.x <= px <= area.x + area.width
            assert area.y <= py <= area.y + area.height


@entries
@sheets
@pytest.mark.parametrize("notice", ["", NOTICE], ids=["", "notice"])
def test_that_words_stay_in_their_pane_and_apart(entry: Entry, sheet: Sheet, notice: str) -> None:
    scene = talkative(entry.make(), notice)
    plan = sheet.plan(scene)
    check_words(plan, sheet)
    panes = agreed(scene.panes)[1]
    for placed, pane in zip(plan.words, panes, strict=True):
        text = "".join(run.text for one in placed for line in one.lines for run in line).replace(" ", "")
        assert pane.title.replace(" ", "") in text
        assert all(entry.text.replace(" ", "") in text for entry in pane.legend)


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.id)
@sheets
def test_that_the_words_of_every_comparison_stay_in_their_pane(comparison, sheet: Sheet) -> None:
    document = ENTRIES[0].make()
    document = document.model_copy(
        update={"view": document.view.model_copy(update={"panes": comparison.choices(document)})}
    )
    check_words(sheet.plan(talkative(document)), sheet)


def test_that_what_panes_agree_on_is_said_once() -> None:
    same, other = Legend("density", "exact pₜ"), Legend("W₂", "0.2")
    panes = (
        Pane("ODE", "CondOT · Heun, 60 steps", (), (same, Legend("W₂", "0.1"))),
        Pane("SDE", "CondOT · Euler–Maruyama, 60 steps", (), (same, other)),
    )
    shared, rest = agreed(panes)
    assert shared == (Legend("", "CondOT"), same)
    assert [pane.subtitle for pane in rest] == ["Heun, 60 steps", "Euler–Maruyama, 60 steps"]
    assert rest[1].legend == (other,)
    alone = agreed(panes[:1])
    assert alone[0] == ()
    assert alone[1][0].legend == panes[0].legend


def test_that_a_subtitle_repeats_nothing_of_its_title() -> None:
    panes = (
        Pane("S = 1, exact classifier", "Heun, 80 steps · to label 0 · S = 1 · exact classifier", ()),
        Pane("S = 8, learned classifier", "Heun, 80 steps · to label 0 · S = 8 · learned classifier", ()),
        Pane("Last, 8 steps", "Heun, 80 steps · to label 0 · S = 2", ()),
    )
    shared, rest = agreed(panes)
    assert shared == (Legend("", "Heun, 80 steps · to label 0"),)
    assert [pane.subtitle for pane in rest] == ["", "", "S = 2"]


def test_that_a_view_does_not_jump_when_the_legend_comes() -> None:
    document = ENTRIES[3].make()
    full = talkative(document)
    empty = Scene(
        tuple(Pane(pane.title, pane.subtitle, ()) for pane in full.panes), full.camera, full.palette, 0.5
    )
    some = Scene(
        tuple(Pane(p.title, p.subtitle, (), (LEGEND[2], p.legend[-1])) for p in full.panes),
        full.camera,
        full.palette,
        0.5,
    )
    for sheet in (SHEETS["opening"], SHEETS["720p"]):
        assert sheet.areas(empty) == sheet.areas(some)


@sheets
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_that_what_is_computed_covers_what_is_seen(sheet: Sheet, n: int) -> None:
    scene = Scene(tuple(Pane(f"Pane {i}", "Heun, 60 steps", ()) for i in range(n)), Camera(0, 0, 1), DARK, 0)
    far_x, far_y = (-(-far * 4 // 1) / 4 * 1.02 for far in sheet.sight(n))
    for area in sheet.areas(scene):
        assert area.sight[0] <= far_x
        assert area.sight[1] <= far_y


def test_that_a_picture_without_words_is_all_panes() -> None:
    scene = Scene((Pane("ODE", "", (), LEGEND),) * 2, Camera(0, 0, 1), DARK, 0.0, chrome=False)
    plan = film_sheet(400, 300).plan(scene)
    assert plan.words == ()
    assert plan.legend is None
    assert plan.foot == plan.bar == 300
    assert plan.areas[0].side == 200
