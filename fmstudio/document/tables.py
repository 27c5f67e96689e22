"""Tables of text as pandas, R, numpy and spreadsheets write them: encoding, separator, header, rows.

Whatever is not clear is refused with its line, never repaired in silence.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fmstudio.document.numerals import cleaned, is_number, is_whole

Row = tuple[int, list[str]]
"""The number of its line, and its cells without the blanks around them."""

_SEPARATORS = ("\t", ";", ",", " ")
_LOOKED_AT = 200
"""Rows from which the separator is found."""
_SEP_LINE = re.compile(r'"?sep=(.)"?,*\s*', re.IGNORECASE)
_REMARK = re.compile(r"\s#.*", re.DOTALL)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""What pictures, archives and programs hold, and no table."""
_NOT_A_NAME = re.compile(r"[+-]?[.,]?\d")


class TableProblem(ValueError):
    """Why a text is no table of numbers: a clause that follows the file's name, with its line."""


@dataclass(frozen=True)
class Table:
    """Rows of one length, and the names of the columns if a header gives them ('' where one is missing)."""

    names: tuple[str, ...] | None
    rows: list[Row]
    separator: str
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return len(self.rows[0][1]) if self.rows else 0

    def column(self, place: int) -> list[str]:
        return [cells[place] for _, cells in self.rows]


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of UTF-8, of UTF-16 and UTF-32 with a byte-order mark, or else of Windows-1252, and what is to
    be told of that choice: numbers are the same in any code page, words may not be. Raises TableProblem."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8-sig", "cp1252"]:
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if encoding == "cp1252" and not _NO_TEXT.search(text):
                return text, ("read as Windows-1252, not UTF-8",)
            if encoding != "cp1252" and "\0" not in text:
                return text, ()
    raise TableProblem(" is not a text file of numbers: save it as CSV in UTF-8.")


def read_table(text: str, told: tuple[str, ...] = ()) -> Table:
    """The table in a text, of which ``told`` is to be told. Lines that begin with #, and what follows a blank
    and # in a line, are remarks. Raises TableProblem."""
    lines = list(_without_remarks(io.StringIO(text, newline=None)))
    asked = next((_SEP_LINE.fullmatch(line) for line in lines if line.strip()), None)
    if asked is not None:
        lines[next(i for i, line in enumerate(lines) if line.strip())] = ""
    separator = asked[1] if asked is not None else _separator(lines)
    rows = _rows(lines, separator)
    names, rows, notes = _headed(rows)
    rows = [(number, _without_end(cells)) for number, cells in rows]
    for number, cells in rows:
        if len(cells) != len(rows[0][1]):
            raise TableProblem(
                f", line {number} has {columns(len(cells))} where line {rows[0][0]} has {len(rows[0][1])}: "
                "every line needs the same."
            )
    return Table(_fitting(names, rows), rows, separator, (*told, *notes))


def columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def shown(text: str) -> str:
    """A cell or line as a sentence may quote it: short, printable."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text.strip())
    return f"'{plain[:40]}…'" if len(plain) > 41 else f"'{plain}'"


# ---- separator ---------------------------------------------------------------------------------------


def _without_remarks(lines: Iterable[str]) -> Iterator[str]:
    """Every line, so that their numbers stay; a remark is an empty one."""
    for line in lines:
        if "#" not in line:
            yield line
        elif line.lstrip().startswith("#"):
            yield ""
        else:
            yield line if '"' in line else _REMARK.sub("", line)


def _separator(lines: list[str]) -> str:
    """What cuts most of the first rows into numbers."""
    few = [line for line in lines if line.strip()][:_LOOKED_AT]
    return max(_SEPARATORS, key=lambda separator: _fit(few, separator))


def _fit(lines: list[str], separator: str) -> tuple[float, int]:
    """How much of the rows is cut into two numbers or more, and how many rows are cut at all."""
    try:
        rows = [_without_end(cells) for _, cells in _rows(lines, separator)]
    except TableProblem:
        return 0.0, 0
    total = 0.0
    for cells in rows:
        numbers = sum(_is_number_beside(cell, separator) for cell in cells)
        total += numbers / len(cells) if numbers >= 2 else 0.0
    return total, sum(len(cells) > 1 for cells in rows)


def _is_number_beside(cell: str, separator: str) -> bool:
    """It is a number; beside commas and blanks as separators, none with gaps between its thousands."""
    plain = cleaned(cell)
    return is_number(plain) and (separator in "\t;" or " " not in plain)


def _rows(lines: Iterable[str], separator: str) -> list[Row]:
    """The lines that hold anything, cut."""
    if separator == " ":
        lines = (line.replace("\t", " ").strip() for line in lines)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    rows: list[Row] = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows.append((reader.line_num, stripped))
    except csv.Error as error:
        raise TableProblem(f", line {reader.line_num} has a quotation mark or cell out of place.") from error
    return rows


# ---- header ------------------------------------------------------------------------------------------


def _headed(rows: list[Row]) -> tuple[tuple[str, ...] | None, list[Row], tuple[str, ...]]:
    """The header's names, if the first row is one, the other rows, and what is to be told of the choice."""
    if not rows:
        return None, rows, ()
    number, first = rows[0]
    cells = [cleaned(cell) for cell in first]
    if _counts_columns(cells):
        unnamed = cells[0] == ""
        if unnamed or (len(rows) > 1 and all(_has_decimals(row) for _, row in rows[1:])):
            return tuple(first), rows[1:], (f"line {number} was taken for the numbers of the columns",)
        return None, rows, (f"line {number} was taken for a point",)
    if any(is_number(cell) for cell in cells):
        return None, rows, ()
    for cell in cells:
        if _NOT_A_NAME.match(cell):
            raise TableProblem(
                f", line {number}: {shown(cell)} is neither a number nor the name of a column."
            )
    return tuple(first), rows[1:], ()


def _counts_columns(cells: list[str]) -> bool:
    """0, 1, ... as pandas writes it over columns without names, after an empty cell over their index."""
    counted = cells[1:] if cells[0] == "" else cells
    return len(counted) >= 2 and counted == [str(k) for k in range(len(counted))]


def _has_decimals(cells: list[str]) -> bool:
    """None of the numbers is written as a whole one, as no program does that writes them all alike."""
    return not any(is_whole(cleaned(cell)) for cell in cells[:2])


def _without_end(cells: list[str]) -> list[str]:
    """Without the empty cells behind the last one that holds anything."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _fitting(names: tuple[str, ...] | None, rows: list[Row]) -> tuple[str, ...] | None:
    """One name a column: R leaves out the one over its row names. Raises TableProblem."""
    if names is None or not rows:
        return names
    number, width = rows[0][0], len(rows[0][1])
    if len(names) == width - 1:
        return ("", *names)
    if len(names) < width or any(names[width:]):
        count = len(_without_end(list(names)))
        raise TableProblem(f", line {number} has {columns(width)} where the header has {count} names.")
    if "" in names[1:width]:
        place = names.index("", 1) + 1
        raise TableProblem(f", line {number} has a value in column {place}, which has no name in the header.")
    return names[:width]
