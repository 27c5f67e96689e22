from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fmstudio.document.foreign import ImportProblem
from fmstudio.document.sentences import printable, sentence, short

WILD = st.text(st.characters(), max_size=2000) | st.sampled_from(["\x1b[2J\x07", "\u202egnp.exe", "a\r\nb"])


@given(words=WILD)
def test_that_a_sentence_is_printable_and_short_whatever_is_in_it(words: str) -> None:
    for told in (sentence(words), str(ImportProblem(words))):
        assert len(told) <= 200
        assert told.isprintable()
    assert short(words, 30).isprintable()
    assert len(short(words, 30)) <= 30


@given(words=st.text(st.characters(categories=["L", "N"]), max_size=60))
def test_that_what_is_plain_stays_as_it_is(words: str) -> None:
    told = f"Größe {words} — α₀, x₁."
    assert sentence(told) == told
    assert short(words) == words


def test_that_a_long_word_keeps_its_two_ends() -> None:
    told = sentence(f"steps takes whole numbers, got 1{'0' * 4000}2: choose fewer.")
    assert "got 100" in told
    assert told.endswith("002: choose fewer.")


def test_that_signs_that_are_not_seen_are_seen() -> None:
    assert printable("a\x1b[31mb\tc\nd\u202e") == "a?[31mb c d?"
