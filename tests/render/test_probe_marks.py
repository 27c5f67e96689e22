"""Each line of the probe's panel has its mark on the canvas, true to its number."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import FiveModesSpec, StandardNormalSpec
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.engine.messages import ProbeRequest, TrajectoriesRequest
from fmstudio.render.palette import DARK
from fmstudio.render.probe_marks import mark
from fmstudio.render.scene import ArrowLayer, PointLayer, TrailLayer
from fmstudio.studio.probing import Probed, quantities

X = (0.5, -0.25)
POINTS = np.array([[2.0, 0.0], [0.0, 2.0]], np.float32)
TOLD = Probed(
    *(0.2, np.array([1.0, 0.5]), np.array([0.3, 0.4]), -1.5, np.array([1.0, 1.0]), np.array([2.0, 0.0])),
    *(POINTS, np.array([0.8, 0.2], np.float32), 0.4, 0.6, 0.9),
)


def layers(key, kind=m.SDESpec, told=TOLD):
    moving = TrajectoriesRequest(
        Problem(StandardNormalSpec(), FiveModesSpec(), CondOTSpec()), kind(), m.SimulationSpec(steps=50)
    )
    return list(mark(key, ProbeRequest(moving, X, 0.4), told, DARK, DARK.exact))


def radius(layer, centre=X):
    far = np.hypot(*(layer.points[0] - np.array(centre)).T)
    assert np.ptp(far) < 1e-5
    return float(far[0])


@pytest.mark.parametrize("kind", [*m.DYNAMICS, *m.MORE_DYNAMICS], ids=lambda kind: kind.__name__)
def test_that_every_line_of_every_motion_has_a_mark(kind):
    for quantity in quantities(kind()):
        assert layers(quantity.key, kind), quantity.key
        assert quantity.words.endswith(f"{quantity.mark}.")


def test_that_what_is_not_known_has_none():
    unknown = Probed(
        *([np.nan, *[np.full(2, np.nan)] * 2, np.nan, *[np.full(2, np.nan)] * 2]),
        *(POINTS[:0], POINTS[:0, 0], np.nan, np.nan, np.nan),
    )
    assert not any(layers(quantity.key, told=unknown) for quantity in quantities(m.SDESpec()))
    assert layers("") == []


def test_that_the_marks_are_as_large_as_their_numbers():
    (circle,) = layers("density")
    assert np.pi * radius(circle) ** 2 == pytest.approx(0.2, rel=1e-4)
    (noise,) = layers("sigma")
    assert radius(noise) == pytest.approx(0.9 * 50**-0.5, rel=1e-4)
    around = next(layer for layer in layers("beta") if layer.points.shape[1] > 2)
    assert radius(around, 0.4 * POINTS[0]) == pytest.approx(0.6, rel=1e-4)
    dots = next(layer for layer in layers("alpha") if isinstance(layer, PointLayer))
    np.testing.assert_allclose(dots.points, 0.4 * POINTS)


@pytest.mark.parametrize("divergence", [-3.0, 1.0])
def test_that_a_patch_becomes_as_large_as_the_divergence_says(divergence):
    told = Probed(
        *[getattr(TOLD, name) if name != "divergence" else divergence for name in TOLD.__dataclass_fields__]
    )
    before, after = (layer for layer in layers("divergence", told=told) if isinstance(layer, TrailLayer))
    assert (radius(after) / radius(before)) ** 2 == pytest.approx(np.exp(0.2 * divergence), rel=1e-4)
    (spokes,) = (layer for layer in layers("divergence", told=told) if isinstance(layer, ArrowLayer))
    outward = ((spokes.positions - np.array(X)) * spokes.vectors).sum(1)
    assert (np.sign(outward) == np.sign(divergence)).all()


def test_that_arrows_go_where_they_should():
    for key, along in (("velocity", TOLD.velocity), ("score", TOLD.score), ("drift", TOLD.drift)):
        (arrow,) = layers(key)
        np.testing.assert_allclose(
            arrow.vectors[0] / np.hypot(*arrow.vectors[0]), along / np.hypot(*along), rtol=1e-5
        )
        np.testing.assert_allclose(arrow.positions[0] - arrow.vectors[0] / 2, X, atol=1e-6)
