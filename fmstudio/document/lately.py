"""What a pure function said of the last few values, by identity: hashing a document takes longer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

KEPT = 64
"""The panes of a document, of those before it that are still compared with it, and some."""

Value = TypeVar("Value")
Answer = TypeVar("Answer")


def lately(function: Callable[[Value, int], Answer]) -> Callable[[Value, int], Answer]:
    """The same function; of the ``KEPT`` last frozen values and numbers it says what it said."""
    said: OrderedDict[tuple[int, int], tuple[Value, Answer]] = OrderedDict()
    # The value is kept beside its answer: while it is, no other has its identity.

    @wraps(function)
    def asked(value: Value, number: int) -> Answer:
        key = (id(value), number)
        if key not in said:
            said[key] = (value, function(value, number))
            if len(said) > KEPT:
                said.popitem(last=False)
        return said[key][1]

    return asked
