"""Words as ink."""

from __future__ import annotations

import numpy as np

from fmstudio.render.lettering import HEIGHT, MOST, lettering


def test_that_words_are_upright_ink_and_more_words_are_wider():
    one, two = lettering("L"), lettering("LL")
    assert one.shape[0] == HEIGHT
    assert 0 <= one.min() < one.max() <= 1
    assert two.shape[1] > 1.5 * one.shape[1]
    rows = np.nonzero(one.sum(1) > 0.7 * one.sum(1).max())[0]
    assert rows.min() > np.nonzero(one.sum(1))[0].mean(), "the foot of an L is below its middle"


def test_that_what_cannot_be_seen_is_no_ink():
    assert lettering("").size == lettering("  \t ").size == 0


def test_that_letters_that_a_font_lacks_are_still_something_and_long_words_are_cut():
    assert lettering("流れ ∇ϱ").any()
    assert lettering("a" * (MOST + 30)).shape == lettering("a" * MOST).shape
