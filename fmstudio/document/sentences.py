"""Sentences that a person reads: printable and short, whatever a file or a name would put into them. Pure."""

from __future__ import annotations

import re

MOST = 200
"""Signs of what is said of a file."""
MOST_OF_ALL = 1000
"""Signs of any sentence: some list what may be chosen."""
_WORD = 120
"""Nobody reads a longer word to its end; a path may be as long."""
_LONG_WORD = re.compile(rf"\S{{{_WORD + 1},}}")


class Told(ValueError):
    """An error whose words are a sentence for a person, made printable and short here."""

    def __init__(self, words: str) -> None:
        super().__init__(sentence(words))


def sentence(words: str, most: int = MOST) -> str:
    """``words`` on one line, without signs that a terminal or a label would obey, at most ``most`` long."""
    plain = _LONG_WORD.sub(_shortened, printable(words).strip())
    return plain if len(plain) <= most else f"{plain[: most - 2].rstrip()}…."


def printable(words: str) -> str:
    """Blanks for line ends and tabs, question marks for other signs that are not seen."""
    return "".join(s if s.isprintable() else " " if s.isspace() else "?" for s in words)


def short(words: object, most: int = 60) -> str:
    """A name or path as a sentence quotes it: its middle is left out where it is long."""
    plain = printable(str(words))
    if len(plain) <= most:
        return plain
    end = most // 3
    return f"{plain[: most - end - 1]}…{plain[-end:]}"


def _shortened(word: re.Match[str]) -> str:
    return short(word[0], _WORD)
