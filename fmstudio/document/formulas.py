"""Formulas of the plane as a person types them: read by a small grammar, evaluated by numpy, never run.

    sum    = term (("+" | "-") term)*
    term   = sign (("*" | "/" | nothing) sign)*          nothing between them multiplies: 2x, 3(x + 1)
    sign   = ("-" | "+") sign | power
    power  = atom (("^" | "**") sign)?                   so -x^2 is -(x^2), and 2^3^2 is 2^(3^2)
    atom   = number | name | function "(" sum, ... ")" | "(" sum ")"

What is read is a list of steps on a stack of float64 arrays: neither length nor depth of a formula that
somebody sends costs more than a fraction of a second. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST = 500
"""Signs of a formula."""
DEEPEST = 40
"""Parentheses, signs and powers within each other."""

Values = npt.NDArray[np.float64]

FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "sqrt": (np.sqrt, 1),
    "abs": (np.abs, 1),
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tan": (np.tan, 1),
    "atan": (np.arctan, 1),
    "sinh": (np.sinh, 1),
    "cosh": (np.cosh, 1),
    "tanh": (np.tanh, 1),
    "atan2": (np.arctan2, 2),
    "hypot": (np.hypot, 2),
    "min": (np.minimum, 2),
    "max": (np.maximum, 2),
}
"""By name: what is called, and of how many arguments."""
CONSTANTS = {"pi": math.pi, "e": math.e}
VARIABLES = ("x", "y", "r", "theta")
"""The place, and its polar coordinates."""
_SPELLINGS = {"π": "pi", "θ": "theta", "ln": "log", "**": "^", "−": "-", "–": "-", "·": "*", "×": "*"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*|π|θ)|(?P<mark>\*\*|[-+*/^(),−–·×]))"
)
_SIDE = re.compile(r"\s*(?P<log>(?:log|ln)\s*)?p\s*(?:\(\s*x\s*,\s*y\s*\))?\s*=")
_DECIMAL_COMMA = re.compile(r"[0-9],[0-9]")
_END = "the end"


class FormulaError(ValueError):
    """What is wrong with a formula, in one sentence; ``position`` is the sign where it is, if at one."""

    def __init__(self, words: str, position: int | None = None) -> None:
        super().__init__(words)
        self.position = position

    def as_part(self) -> str:
        """For within a sentence, with the place in words."""
        words = str(self).rstrip(".")
        return words if self.position is None else f"{words} (at sign {self.position + 1})"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Formula:
    """A formula that was read; equal texts are equal formulas."""

    text: str
    steps: tuple[float | str, ...]
    """numbers and names onto the stack; operators and functions take their arguments off it"""

    def values(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Values:
        """At places that numpy broadcasts, without a word about what is not finite."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                if isinstance(step, float):
                    stack.append(np.float64(step))
                elif step in VARIABLES:
                    stack.append(_variable(step, x, y))
                else:
                    function, count = _CALLED[step]
                    stack[-count:] = [function(*stack[-count:])]
        (result,) = stack
        return np.array(np.broadcast_to(result, np.broadcast_shapes(x.shape, y.shape)))


def _variable(name: str, x: Values, y: Values) -> Values:
    match name:
        case "x":
            return x
        case "y":
            return y
        case "r":
            return np.hypot(x, y)
        case _:
            return np.arctan2(y, x)


_CALLED: dict[str, tuple[Callable[..., Any], int]] = {
    **FUNCTIONS,
    "+": (np.add, 2),
    "-": (np.subtract, 2),
    "*": (np.multiply, 2),
    "/": (np.divide, 2),
    "^": (np.power, 2),
    "negative": (np.negative, 1),
}


def side_of(text: str) -> tuple[bool | None, int]:
    """Whether "log p = ..." or "p = ..." is stated (None: neither is), and where the formula begins."""
    found = _SIDE.match(text)
    return (None, 0) if found is None else (found["log"] is not None, found.end())


@lru_cache(maxsize=128)
def read_formula(text: str) -> Formula:
    """Raises FormulaError: one sentence, and where."""
    if len(text) > LONGEST:
        raise FormulaError(f"A formula has at most {LONGEST} signs; this one has {len(text):,}.", LONGEST)
    comma = _DECIMAL_COMMA.search(text)
    if comma is not None:
        raise FormulaError(
            "A decimal sign is a point, as in 0.5; what separates arguments is a comma and a blank.",
            comma.start() + 1,
        )
    reader = _Reader(_tokens(text))
    reader.sum(0)
    reader.finish()
    return Formula(text, tuple(reader.steps))


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise FormulaError(f"{_shown(text[at])} has no meaning in a formula.", at)
        kind = str(found.lastgroup)
        word = found[kind]
        tokens.append(_Token(kind, _SPELLINGS.get(word, word), found.start(kind)))
        at = found.end()
    return [*tokens, _Token("end", _END, len(text.rstrip()))]


def _shown(sign: str) -> str:
    return f"“{sign}”" if sign.isprintable() else "A sign that cannot be seen"


class _Reader:
    """Goes through the tokens once; ``steps`` is what it has read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self.steps: list[float | str] = []

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _is(self, *marks: str) -> bool:
        return self._token.kind == "mark" and self._token.text in marks

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def finish(self) -> None:
        """Nothing may follow a formula."""
        token = self._token
        if token.text == ")":
            raise FormulaError("This parenthesis closes nothing: there is no “(” for it.", token.at)
        if token.text == ",":
            raise FormulaError("A comma stands between the arguments of a function only.", token.at)
        assert token.kind == "end", token

    def sum(self, depth: int) -> None:
        self._term(depth)
        while self._is("+", "-"):
            operator = self._take().text
            self._term(depth)
            self.steps.append(operator)

    def _term(self, depth: int) -> None:
        self._sign(depth)
        divided = False
        while True:
            if self._is("*", "/"):
                operator = self._take().text
                divided = operator == "/"
            elif self._token.kind in ("number", "name") or self._is("("):
                self._refuse_unclear_product(divided)
                operator = "*"
            else:
                return
            self._sign(depth)
            self.steps.append(operator)

    def _refuse_unclear_product(self, divided: bool) -> None:
        token, before = self._token, self._tokens[self._next - 1]
        if before.kind == token.kind == "number":
            raise FormulaError("Two numbers side by side: put an operator between them.", token.at)
        if divided:
            raise FormulaError("a/b c could be a/(b c) or (a/b) c: write * and parentheses.", token.at)

    def _sign(self, depth: int) -> None:
        if depth > DEEPEST:
            raise FormulaError(f"More than {DEEPEST} levels within each other are not read.", self._token.at)
        if not self._is("-", "+"):
            self._power(depth)
            return
        negative = self._take().text == "-"
        self._sign(depth + 1)
        if negative:
            self.steps.append("negative")

    def _power(self, depth: int) -> None:
        self._atom(depth)
        if self._is("^"):
            self._take()
            self._sign(depth + 1)
            self.steps.append("^")

    def _atom(self, depth: int) -> None:
        token = self._take() if self._token.kind != "end" else self._token
        if token.kind == "number":
            self.steps.append(_number(token))
        elif token.kind == "name":
            self._name(token, depth)
        elif token.text == "(":
            self.sum(depth + 1)
            self._close(token)
        else:
            raise FormulaError(_missing(token, self._next), token.at)

    def _name(self, token: _Token, depth: int) -> None:
        name = token.text
        if name in VARIABLES:
            self.steps.append(name)
        elif name in CONSTANTS:
            self.steps.append(CONSTANTS[name])
        elif name in FUNCTIONS:
            self._call(token, depth)
        else:
            raise FormulaError(_unknown(name), token.at)

    def _call(self, token: _Token, depth: int) -> None:
        if not self._is("("):
            raise FormulaError(f"{token.text} needs parentheses: {_use(token.text)}.", token.at)
        opened = self._take()
        count = 1
        self.sum(depth + 1)
        while self._is(","):
            self._take()
            self.sum(depth + 1)
            count += 1
        self._close(opened)
        if count != FUNCTIONS[token.text][1]:
            raise FormulaError(f"{token.text} is written {_use(token.text)}; here it has {count}.", token.at)
        self.steps.append(token.text)

    def _close(self, opened: _Token) -> None:
        if self._is(")"):
            self._take()
            return
        if self._token.kind != "end":
            raise FormulaError("Here an operator or a “)” is expected.", self._token.at)
        raise FormulaError("This parenthesis is not closed.", opened.at)


def _number(token: _Token) -> float:
    value = float(token.text)
    if not math.isfinite(value):
        raise FormulaError("This number is too large to calculate with.", token.at)
    return value


def _missing(token: _Token, place: int) -> str:
    if token.kind != "end":
        return f"A number, a name or a “(” is expected here, not “{token.text}”."
    return "The formula breaks off here." if place else "The formula is empty: type one, as -x^2 - y^2."


def _use(function: str) -> str:
    arguments = ("x", "y")[: FUNCTIONS[function][1]]
    return f"{function}({', '.join(arguments)})"


def _unknown(name: str) -> str:
    names = (*VARIABLES, *CONSTANTS, *FUNCTIONS)
    shown = name if len(name) <= 20 else f"{name[:19]}…"
    near = get_close_matches(shown, names, 1, 0.7)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}."
    if len(name) > 1 and set(name) <= {"x", "y", "r"}:
        hint = f"for a product write {'*'.join(name[:6])}."
    return f"“{shown}” is not known; {hint}"
