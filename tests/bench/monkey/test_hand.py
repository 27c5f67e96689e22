"""What the hand types arrives."""

from __future__ import annotations

from random import Random

from PySide6.QtWidgets import QLineEdit

from fmstudio.bench.monkey.hand import Hand
from fmstudio.document.gallery import ENTRIES


def test_that_every_sign_is_typed_also_those_that_no_keyboard_has(qtbot):
    field = QLineEdit()
    qtbot.addWidget(field)
    hand = Hand(None, Random(0))
    words = ["Wasserstein–Rényi σ(t) → ∞ ½, 你好", *(entry.title for entry in ENTRIES)]
    for text in words:
        field.clear()
        hand.write(field, text)
        assert field.text() == text[: field.maxLength()]
