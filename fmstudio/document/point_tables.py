"""Which columns of a table are x, y and the labels; which are an index or of no use here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmstudio.document.numerals import (
    Unclear,
    cleaned,
    decimal_sign,
    is_number,
    is_whole,
    may_be_thousands,
    values,
)
from fmstudio.document.specs.distribution import MAX_LABELS
from fmstudio.document.tables import Table, TableProblem, columns, shown

Points = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_INDEX_NAMES = frozenset({"", "index", "id", "no", "nr", "row", "rownames", "row.names", "rowname"})
_LABEL_NAMES = frozenset({"label", "labels", "class", "target", "species", "cluster", "group", "category"})
THIRD = "a third may hold labels: words, or few whole numbers"


@dataclass(frozen=True)
class Labels:
    """The label of each point, numbered from 0, and what each number stands for."""

    codes: Codes
    names: tuple[str, ...]


@dataclass(frozen=True)
class PointTable:
    """What a file says of points: (n, 2) in its own units, their lines, and notes on how it was read."""

    points: Points
    lines: Sequence[int] | None = None
    labels: Labels | None = None
    notes: tuple[str, ...] = ()

    def where(self, row: int) -> str:
        return f", line {self.lines[row]}" if self.lines is not None else f", point {row + 1}"


@dataclass(frozen=True)
class _Roles:
    x: int
    y: int
    label: int | None
    notes: tuple[str, ...]


def points_of(table: Table) -> PointTable:
    """The points of a table. Raises TableProblem."""
    if not table.rows:
        return PointTable(np.empty((0, 2)), [])
    roles = _roles(table)
    points, doubt = _numbers(table, (roles.x, roles.y))
    labels, told = (None, ()) if roles.label is None else _labelled(table, roles.label)
    lines = [number for number, _ in table.rows]
    return PointTable(points, lines, labels, (*table.notes, *roles.notes, *doubt, *told))


# ---- columns -----------------------------------------------------------------------------------------


def _roles(table: Table) -> _Roles:
    if table.width < 2:
        raise TableProblem(_count(table, table.width))
    named = [name.strip().casefold() for name in table.names] if table.names is not None else None
    if named is not None and named.count("x") == 1 and named.count("y") == 1:
        return _by_name(table, named)
    places = list(range(table.width))
    notes: tuple[str, ...] = ()
    if _is_index(table, named):
        places, notes = places[1:], (_index_note(table),)
    if len(places) not in (2, 3):
        raise TableProblem(_count(table, len(places)))
    if named is None and table.separator == ",":
        _refuse_decimal_commas(table)
    label = _label_place(table, named, places)
    x, y = (place for place in places if place != label)
    return _Roles(x, y, label, notes)


def _by_name(table: Table, named: list[str]) -> _Roles:
    """The columns x and y; the one that is named as labels are, or the only other one that could be."""
    x, y = named.index("x"), named.index("y")
    indexed = _is_index(table, named)
    if named[0] == "" and not indexed:
        raise TableProblem(
            f", line {table.rows[0][0]}: the first column has no name and is no index: give it a name."
        )
    others = [place for place in range(int(indexed), table.width) if place not in (x, y)]
    able = [place for place in others if _could_label(table, place)]
    called = [place for place in able if named[place] in _LABEL_NAMES]
    found = called or able
    label = found[0] if len(found) == 1 else None
    left = [place for place in others if place != label]
    notes = (_index_note(table),) if indexed else ()
    return _Roles(x, y, label, (*notes, f"{_list(table, left)} left out") if left else notes)


def _is_index(table: Table, named: list[str] | None) -> bool:
    """The first of three columns or more counts the rows, or is without a name and holds row names."""
    if table.width < 3:
        return False
    first = [cleaned(cell) for cell in table.column(0)]
    if named is None:
        if _counts(first) and table.width == 3 and _could_label(table, 2):
            raise TableProblem(
                f", line {table.rows[0][0]}: the first column may be an index and the last one labels, or "
                "not: give the columns names in a first line, such as x,y,label."
            )
        return _counts(first)
    if named[0] == "" or named[0].startswith("unnamed:"):
        return _counts(first) or _numbers_rows(first) or not any(map(is_number, first))
    return named[0] in _INDEX_NAMES and (_counts(first) or _numbers_rows(first))


def _counts(cells: list[str]) -> bool:
    """0, 1, 2, ... or 1, 2, 3, ..."""
    start = int(cells[0]) if cells[0] in ("0", "1") else None
    return start is not None and cells == [str(start + k) for k in range(len(cells))]


def _numbers_rows(cells: list[str]) -> bool:
    """Whole numbers of which none comes twice, as an index that was shuffled or thinned."""
    return all(map(is_whole, cells)) and len(set(cells)) == len(cells) and len(cells) > MAX_LABELS


def _label_place(table: Table, named: list[str] | None, places: list[int]) -> int | None:
    if len(places) == 2:
        return None
    able = [place for place in places if _could_label(table, place)]
    called = [place for place in able if named is not None and named[place] in _LABEL_NAMES]
    words = [place for place in able if not is_number(cleaned(table.rows[0][1][place]))]
    for found in (called, words, [place for place in able if place == places[-1]]):
        if len(found) == 1:
            return found[0]
    raise TableProblem(_count(table, table.width))


def _could_label(table: Table, place: int) -> bool:
    """Words, or whole numbers, of which there are few."""
    cells = table.column(place)
    plain = [cleaned(cell) for cell in cells]
    distinct = set(plain)
    alike = all(map(is_whole, distinct)) or not any(map(is_number, distinct))
    return alike and "" not in distinct and len(distinct) <= min(MAX_LABELS, len(cells) // 2)


def _refuse_decimal_commas(table: Table) -> None:
    """'1,234' in a line may be two whole numbers or one with a decimal comma."""
    number, cells = table.rows[0]
    if not all(is_whole(cleaned(cell)) for _, row in table.rows for cell in row):
        return
    if table.width > 2:
        raise TableProblem(
            f", line {number} has {columns(table.width)} of whole numbers, some of which may be decimals: "
            "give the columns names in a first line, such as x,y,label."
        )
    second = [row[1] for _, row in table.rows]
    fixed = len({len(cell) for cell in second}) == 1 and len(second[0]) > 1
    signed = any(not cell.isdigit() for cell in second)
    if not signed and (fixed or any(len(cell) > 1 and cell[0] == "0" for cell in second)):
        raise TableProblem(
            f", line {number}: {shown(','.join(cells))} may be two whole numbers or one with a decimal "
            "comma: give the columns names in a first line, such as x,y."
        )


# ---- numbers -----------------------------------------------------------------------------------------


def _numbers(table: Table, places: tuple[int, int]) -> tuple[Points, tuple[str, ...]]:
    """The points, and a note where thousands could be meant."""
    cells = [cleaned(row[place]) for _, row in table.rows for place in places]
    try:
        sign = decimal_sign(cells, "," if table.separator == ";" else "")
        found = values(cells, sign)
    except Unclear as unclear:
        raise TableProblem(_unclear(table, cells, unclear)) from unclear
    for k, value in enumerate(found):
        if value is None:
            raise TableProblem(_no_number(table.rows[k // 2][0], cells[k]))
    doubt = f"'{sign}' was taken for the decimal sign, not for that of thousands"
    notes = (doubt,) if may_be_thousands(cells) else ()
    return np.array(found, dtype=np.float64).reshape(-1, 2), notes


def _no_number(line: int, cell: str) -> str:
    if cell and is_number(cell):
        return f", line {line}: {shown(cell)} is no finite number: remove rows with NaN or infinite values."
    return f", line {line}: {shown(cell)} is not a number." if cell else f", line {line} has an empty cell."


def _unclear(table: Table, cells: list[str], unclear: Unclear) -> str:
    line, other = (table.rows[place // 2][0] for place in (unclear.first, unclear.second))
    first, second = shown(cells[unclear.first]), shown(cells[unclear.second])
    if unclear.first == unclear.second:
        return f", line {line}: {first} may be a decimal or a thousand: write decimals with a point."
    return (
        f", line {line} has a decimal point ({first}) and line {other} a decimal comma ({second}): use one."
    )


# ---- labels ------------------------------------------------------------------------------------------


def _labelled(table: Table, place: int) -> tuple[Labels | None, tuple[str, ...]]:
    cells = table.column(place)
    plain = [cleaned(cell) for cell in cells]
    whole = all(map(is_whole, plain))
    keys = [str(int(cell)) for cell in plain] if whole else cells
    names = sorted(set(keys), key=int if whole else str)
    if len(names) < 2:
        return None, (f"all points have the label {shown(names[0])}, which says nothing",)
    code = {name: k for k, name in enumerate(names)}
    labels = Labels(np.array([code[key] for key in keys], np.int64), tuple(names))
    return labels, (f"{len(names)} labels from column {place + 1}{_called(table, place)}",)


# ---- words -------------------------------------------------------------------------------------------


def _count(table: Table, width: int) -> str:
    line = f", line {table.rows[0][0]}"
    return f"{line} has {columns(width)}: points in the plane need exactly two, x and y ({THIRD})."


def _index_note(table: Table) -> str:
    return f"the first column{_called(table, 0)} was taken for an index"


def _called(table: Table, place: int) -> str:
    name = table.names[place].strip() if table.names is not None else ""
    return f" ({name[:20]})" if name else ""


def _list(table: Table, places: list[int]) -> str:
    assert table.names is not None
    words = [table.names[place].strip()[:20] or f"column {place + 1}" for place in places[:4]]
    return ", ".join(words) + (f" and {len(places) - 4} more" if len(places) > 4 else "")
