"""Hypothesis: any document at all, drawn from the specs themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.saved_model import Checkpoint, SavedModel
from fmstudio.document.specs.distribution import (
    BUILT_IN_KINDS,
    Component,
    DrawnSpec,
    FormulaSpec,
    GaussianMixtureSpec,
    PointsSpec,
    TwoMoonsSpec,
    built_in,
)
from fmstudio.document.specs.dynamics import DYNAMICS, SDESpec, SimulationSpec
from fmstudio.document.specs.path import PATHS
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec

reals = st.floats(-100, 100)
seeds = st.integers(0, 2**31 - 1)


@st.composite
def arrays(draw: st.DrawFn, *shape: int) -> FrozenArray:
    return FrozenArray(np.random.default_rng(draw(seeds)).random(shape))


components = st.builds(
    Component,
    mean=st.tuples(reals, reals),
    cov=st.tuples(st.floats(1e-3, 9), st.just(0.0), st.floats(1e-3, 9)),
    weight=st.floats(1e-6, 1e6),
)
distributions = st.one_of(
    st.sampled_from(BUILT_IN_KINDS).map(built_in),
    st.builds(TwoMoonsSpec, noise=st.floats(0.01, 1.0), shift=st.tuples(reals, reals)),
    st.builds(GaussianMixtureSpec, components=st.lists(components, min_size=1, max_size=4).map(tuple)),
    st.builds(
        PointsSpec, points=st.integers(2, 9).flatmap(lambda n: arrays(n, 2)), name=st.text(max_size=20)
    ),
    st.builds(
        FormulaSpec,
        expression=st.sampled_from(["-r^2", "p = exp(-x^2 - 2y^2)", "p = 1", "-(x - 0.5)^2 - abs(y)"]),
        half=st.floats(1, 20),
    ),
    st.builds(DrawnSpec, raster=arrays(16, 16), half=st.floats(0.1, 20)),
)
paths = st.sampled_from(PATHS).map(lambda kind: kind())
dynamics = st.one_of(
    st.sampled_from(DYNAMICS).map(lambda kind: kind()), st.builds(SDESpec, sigma=st.floats(0.0, 5.0))
)
simulations = st.builds(SimulationSpec, steps=st.integers(1, 2000), start_seed=seeds, noise_seed=seeds)
panes = st.builds(
    PaneSpec,
    title=st.text(max_size=20),
    field=st.sampled_from(FieldChoice),
    target=st.none() | distributions,
    path=st.none() | paths,
    dynamics=st.none() | dynamics,
    simulation=st.none() | simulations,
)
documents = st.builds(
    Document,
    title=st.text(max_size=40),
    caption=st.text(max_size=200),
    source=distributions,
    target=distributions,
    path=paths,
    dynamics=dynamics,
    simulation=simulations,
    view=st.builds(ViewSpec, panes=st.lists(panes, min_size=1, max_size=3).map(tuple)),
)


@st.composite
def with_checkpoints(draw: st.DrawFn, alone: st.SearchStrategy[SavedModel]) -> SavedModel:
    """The model with some of what it was on its way."""
    model = draw(alone)
    size = model.parameters.shape[0]
    steps = draw(st.lists(st.integers(0, 10**6), max_size=3, unique=True))
    kept = tuple(Checkpoint(step=step, parameters=draw(arrays(size))) for step in sorted(steps))
    return model.model_copy(update={"checkpoints": kept})


_models = st.builds(
    SavedModel,
    model=st.builds(ModelSpec, width=st.integers(8, 512)),
    objective=st.sampled_from(Objective),
    parameters=st.integers(1, 50).flatmap(arrays),
    step=st.integers(0, 10**6),
    source=distributions,
    target=distributions,
    path=paths,
    training=st.builds(TrainingSpec, seed=seeds),
)
models = with_checkpoints(_models)
