"""A slot is a bound method: Qt lets go of it with its object, and of a function never."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fmstudio

PACKAGE = Path(fmstudio.__file__).parent
SOURCES = [path for room in ("gui", "bench") for path in sorted((PACKAGE / room).rglob("*.py"))]


def slots_that_are_functions(tree: ast.AST) -> list[int]:
    """Lines on which a lambda, a partial or a function made on the spot is connected to a signal."""
    local = {
        inner.name
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.FunctionDef) and inner is not outer
    }

    def is_function(slot: ast.expr) -> bool:
        is_partial = isinstance(slot, ast.Call) and "partial" in ast.unparse(slot.func)
        is_local = isinstance(slot, ast.Name) and slot.id in local
        return isinstance(slot, ast.Lambda) or is_partial or is_local

    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [(call, call.func.attr) for call in calls if isinstance(call.func, ast.Attribute)]
    return [
        call.lineno
        for call, name in named
        if name in ("connect", "singleShot") and any(map(is_function, call.args))
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_that_every_slot_is_a_bound_method(path: Path) -> None:
    assert slots_that_are_functions(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "slot", ["lambda: self.go()", "partial(self.go, 1)", "functools.partial(self.go)", "go"]
)
def test_that_a_function_as_a_slot_is_seen(slot: str) -> None:
    source = f"def made(self):\n    def go(): ...\n    self.button.clicked.connect({slot})\n"
    assert slots_that_are_functions(ast.parse(source)) == [3]
