"""Whatever is cited can be looked up."""

from __future__ import annotations

import re
from pathlib import Path

from fmstudio.document.gallery import ENTRIES
from fmstudio.document.references import cite, in_words, references
from fmstudio.document.specs.path import PATHS
from fmstudio.resources import asset
from fmstudio.studio.equations import BRIDGE_ITSELF, EQUATIONS, WAYS

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"\b([A-Z][\w-]+(?: et al\.|(?:, [A-Z]\w+)? & [A-Z][\w-]+)?),? \(?((?:19|20)\d\d)\)?")
MONTHS = {"May", "March", "July", "December", "In", "Python", "Debian"}


def texts() -> dict[str, str]:
    """Everything written by hand that may cite: code, captions, the notation page."""
    code = [
        *ROOT.glob("fmstudio/**/*.py"),
        *ROOT.glob("assets/gallery/*.txt"),
        asset("reference/notation.md"),
    ]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in code}


def test_that_every_citation_of_an_entry_or_equation_is_in_the_bibliography() -> None:
    cited = [c for entry in ENTRIES for c in entry.sources]
    equations = (*EQUATIONS.values(), *WAYS.values(), BRIDGE_ITSELF)
    cited += [c for equation in equations for c in equation.sources]
    assert all(citation.reference.title for citation in cited)
    assert {c.key for c in cited} >= {key for key, work in references().items() if work.about}


def test_that_every_author_and_year_in_the_code_is_in_the_bibliography() -> None:
    known = {work.short.partition(" (")[0] for work in references().values()}
    strangers = {
        f"{name}: {found[0]} {found[1]}"
        for name, text in texts().items()
        for found in NAMED.findall(" ".join(text.split()))
        if f"{found[0]} {found[1]}" not in known and found[0] not in MONTHS
    }
    assert not strangers


def test_that_no_source_is_named_by_a_file_number() -> None:
    numbered = re.compile(r"\b00[0-4][,;]? (?:Thm|eq|Ex|sec|Alg|App|Fig)|MATHS")
    assert [name for name, text in texts().items() if numbered.search(text)] == []


def test_that_addresses_are_those_of_arxiv() -> None:
    assert all(re.fullmatch(r"\d{4}\.\d{4,5}", work.arxiv) for work in references().values() if work.arxiv)


def test_that_citations_read_as_texts_do() -> None:
    assert in_words((cite("Chen2024", "eq 19"), cite("Liao2024"))) == "Chen 2024, eq 19; Liao et al. 2024"


def test_that_every_schedule_has_its_row_in_the_notation() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", asset("reference/notation.md").read_text("utf-8"), re.MULTILINE)
    named = {row.casefold().replace("-", " ") for row in rows}
    assert [spec.title for spec in PATHS if spec.title.casefold().replace("-", " ") not in named] == []
