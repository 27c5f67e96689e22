"""Steering the particles towards one label of a labelled target."""

from __future__ import annotations

from enum import StrEnum

from fmstudio.document.specs.spec import Spec, setting


class GuidanceMethod(StrEnum):
    """Where the pull comes from."""

    EXACT = "exact"
    """Bayes' rule on the closed forms (Chen 2024, sec 5)"""
    LEARNED = "learned"
    """a time-dependent classifier that is trained (Chen 2024, sec 5)"""
    CLASSIFIER_FREE = "classifier-free"
    """the conditional field less the unconditional one, without a classifier (Ho & Salimans 2022)"""


class GuidanceSpec(Spec):
    """s + S grad log p_t(label given x), and u to match (Chen 2024, eq 35-36): S = 0 leaves the path, S = 1
    is the path to that label alone, S > 1 exaggerates it."""

    label: int = setting(0, "Label", low=0, high=63, step=1)
    scale: float = setting(1.0, "Guidance S", low=0.0, high=8.0, step=0.1)
    method: GuidanceMethod = GuidanceMethod.EXACT
