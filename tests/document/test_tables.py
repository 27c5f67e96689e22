"""Tables of text: whatever program wrote them, in whatever locale, they are read exactly or refused."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmstudio.document.point_files import ImportProblem, read_points

GAPS = ("\u00a0", "\u202f", "'", "\u2019")
HEADERS = {
    "none": None,
    "names": ("x", "y"),
    "spoken": ("easting [m]", "northing [m]"),
    "quoted words": ("Länge, in mm", 'the "other" one'),
}
INDICES = ("none", "pandas", "R", "named")


@dataclass(frozen=True)
class Dialect:
    """How a program writes a table of numbers."""

    separator: str
    decimal: str
    thousands: str
    digits: int | None
    """behind the decimal sign; None: as many as there are"""
    minus: str
    header: str
    index: str
    quoting: int
    newline: str
    encoding: str
    sep_line: bool
    trailing: bool

    def number(self, value: float) -> str:
        text = f"{value:,.{self.digits}f}" if self.digits is not None else repr(value)
        if self.digits is None and self.thousands:
            text = f"{value:,}"
        table = {",": self.thousands, ".": self.decimal, "-": self.minus}
        return "".join(table.get(sign, sign) for sign in text)

    def is_within_encoding(self) -> bool:
        """The encoding has the signs that the numbers need."""
        signs = self.thousands + self.minus
        return signs.encode(self.encoding, "ignore").decode(self.encoding).lstrip("\ufeff") == signs

    def is_clear(self) -> bool:
        """It can be read in one way only, whatever the numbers: no thousands beside few decimals."""
        cut = self.separator != self.decimal or self.quoting == csv.QUOTE_ALL
        gapped = self.thousands == " " and self.separator not in "\t;"
        named = self.index in ("none", "pandas", "R") or self.header != "none"
        return cut and not gapped and named and self.digits in (2, 4, None)


def written(table: np.ndarray, dialect: Dialect) -> bytes:
    """The file of that program."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, delimiter=dialect.separator, quoting=dialect.quoting, lineterminator=dialect.newline
    )
    if dialect.sep_line:
        out.write(f"sep={dialect.separator}{dialect.newline}")
    names = HEADERS[dialect.header]
    extra = [""] if dialect.trailing else []
    if names is not None:
        lead = {"none": [], "pandas": [""], "R": [], "named": ["id"]}[dialect.index]
        writer.writerow([*lead, *names, *extra])
    for number, row in enumerate(table):
        lead = [] if dialect.index == "none" else [str(number + (dialect.index == "R"))]
        writer.writerow([*lead, *(dialect.number(float(value)) for value in row), *extra])
    return out.getvalue().encode(dialect.encoding)


def dialects() -> st.SearchStrategy[Dialect]:
    return st.builds(
        Dialect,
        separator=st.sampled_from([",", ";", "\t", " "]),
        decimal=st.sampled_from([".", ","]),
        thousands=st.sampled_from(["", "", "", ",", ".", " ", *GAPS]),
        digits=st.sampled_from([0, 1, 2, 3, 4, None]),
        minus=st.sampled_from(["-", "-", "\u2212"]),
        header=st.sampled_from(list(HEADERS)),
        index=st.sampled_from(INDICES),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        newline=st.sampled_from(["\n", "\r\n", "\r"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        sep_line=st.booleans(),
        trailing=st.booleans(),
    ).filter(
        lambda d: d.thousands != d.decimal and not (d.trailing and d.index == "R") and d.is_within_encoding()
    )


tables = st.integers(2, 30).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, 2**32 - 1), st.sampled_from([0.01, 1.0, 300.0, 4e5]))
)


def numbers(drawn: tuple[int, int, float], digits: int | None) -> np.ndarray:
    n, seed, scale = drawn
    table = scale * np.random.default_rng(seed).normal(size=(n, 2))
    return np.round(table, 4 if digits is None else digits)


def require_sentence(said: str) -> None:
    assert said.startswith("cloud.csv")
    assert said.endswith(".")
    assert len(said) <= 220


@settings(max_examples=400, deadline=None)
@given(dialect=dialects(), drawn=tables)
def test_that_a_table_is_read_exactly_or_refused_in_a_sentence(
    dialect: Dialect, drawn: tuple[int, int, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = numbers(drawn, dialect.digits)
    path = tmp_path_factory.mktemp("tables") / "cloud.csv"
    path.write_bytes(written(table, dialect))
    try:
        found = read_points(path)
    except ImportProblem as problem:
        require_sentence(str(problem))
        return
    if found.notes and len(found.points) != len(table):
        assert "line 1 was taken" in found.notes[0]
        return
    if any("decimal sign" in note for note in found.notes):  # told: 1.234 may be a thousand
        return
    np.testing.assert_array_equal(found.points, table)


@settings(max_examples=400, deadline=None)
@given(dialect=dialects().filter(Dialect.is_clear), drawn=tables)
def test_that_a_table_that_can_be_read_in_one_way_is_read(
    dialect: Dialect, drawn: tuple[int, int, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = numbers(drawn, dialect.digits)
    table[0] = -0.25, 0.75  # no thousands: decimals that say which sign they have
    path = tmp_path_factory.mktemp("tables") / "cloud.csv"
    path.write_bytes(written(table, dialect))
    np.testing.assert_array_equal(read_points(path).points, table)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(alphabet=st.sampled_from("0123456789.,;-+eE \t\n\"'#xyNA\u2212\u00a0\u0661"), max_size=60)
)
def test_that_no_line_of_any_text_is_lost_without_a_word(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("texts") / "cloud.csv"
    path.write_bytes(text.encode())
    try:
        found = read_points(path)
    except ImportProblem as problem:
        require_sentence(str(problem))
        return
    lines = [line for line in text.split("\n") if line.strip(' \t,;"') and not line.lstrip().startswith("#")]
    header = any(sign.isalpha() for sign in lines[0]) or "taken" in "".join(found.notes)
    assert len(found.points) >= len(lines) - header - ("\n" in text and '"' in text) * len(lines)
