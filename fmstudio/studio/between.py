"""Between two settings of the same things: what is seen on the way from one to the other. Pure."""

from __future__ import annotations

from typing import TypeVar

from fmstudio.document.specs.spec import Spec

V = TypeVar("V")


def between(a: object, b: V, w: float) -> V:
    """Every real number that ``a`` and ``b`` both have at (1 - w) a + w b; all else is that of ``b``.

    Numbers correspond where they stand in the same place of specs of the same kinds. Whole numbers count
    (steps, particles) or name (seeds), and have nothing between."""
    if a is b or type(a) is not type(b) or a == b:
        return b
    if isinstance(b, float) and isinstance(a, float):
        return a + (b - a) * w  # type: ignore[return-value]
    if isinstance(b, Spec):
        parts = {name: between(getattr(a, name), getattr(b, name), w) for name in type(b).model_fields}
        return b.model_copy(update=parts)
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(between(*pair, w) for pair in zip(a, b, strict=True))  # type: ignore[return-value]
    return b
