"""What fmstudio cites: a bibliography that ships with it, and citations that point into it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from fmstudio.resources import asset


@dataclass(frozen=True)
class Reference:
    """One work of ``assets/reference/bibliography.toml``."""

    key: str
    short: str
    """how texts name it: 'Chen 2024'"""
    authors: str
    title: str
    where: str
    year: int | None = None
    arxiv: str = ""
    about: str = ""
    """what fmstudio takes from it; '' for works beside the five documents it implements"""

    @property
    def address(self) -> str:
        """Where it can be read; '' where no address is known."""
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""


@dataclass(frozen=True)
class Citation:
    """A work and the place in it: 'Chen 2024, eq 19'."""

    key: str
    place: str = ""

    @property
    def reference(self) -> Reference:
        """Raises KeyError for a key that the bibliography lacks."""
        return references()[self.key]

    @property
    def text(self) -> str:
        return f"{self.reference.short}, {self.place}" if self.place else self.reference.short


Citations = tuple[Citation, ...]


def cite(key: str, place: str = "") -> Citation:
    """``place`` is a theorem, equation, section or figure of it."""
    return Citation(key, place)


def in_words(citations: Citations) -> str:
    """'Chen 2024, eq 19; Liao et al. 2024'."""
    return "; ".join(citation.text for citation in citations)


@cache
def references() -> dict[str, Reference]:
    """Every work, in the bibliography's order: the five documents first."""
    with asset("reference/bibliography.toml").open("rb") as stream:
        return {key: Reference(key=key, **facts) for key, facts in tomllib.load(stream).items()}
