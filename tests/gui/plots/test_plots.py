"""The right column: what it shows, when it shows, and that it is calm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QLabel

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.coupling import BridgeSpec
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import RingSpec
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec
from fmstudio.engine.messages import LearnedModel, TrainingProgress, TrainingState
from fmstudio.gui.plots import RIGHT_PANELS
from fmstudio.gui.plots import throttle as throttle_module
from fmstudio.gui.plots.equation import EquationPanel
from fmstudio.gui.plots.field_error import FieldErrorPanel
from fmstudio.gui.plots.gradients import GradientsPanel
from fmstudio.gui.plots.loss import LossPanel
from fmstudio.gui.plots.loss_curve import BAND_BINS, BINS, loss_curve, vertical_range
from fmstudio.gui.plots.marginals import MarginalsPanel, marginal
from fmstudio.gui.plots.metrics import MetricsPanel
from fmstudio.gui.plots.throttle import Throttle
from fmstudio.studio import commands, panes
from fmstudio.studio.comparisons import COMPARISONS, compare
from fmstudio.studio.learning import recipe_of_model
from fmstudio.studio.ticks import round_ticks
from tests.gui.conftest import frame


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch):
    """A clock that the test turns: every look at it is a second later, unless it stands."""

    class Clock:
        now, stands = 100.0, False

        def monotonic(self) -> float:
            self.now += 0.0 if self.stands else 1.0
            return self.now

    clock = Clock()
    monkeypatch.setattr(throttle_module, "time", clock)
    return clock


# ---- the loss as a curve ----


@given(st.integers(1, 2000), st.integers(0, 10**6))
def test_that_a_loss_curve_stays_small_and_its_band_holds_most_losses(n, seed):
    losses = np.random.default_rng(seed).random(n)
    curve = loss_curve(np.arange(n), losses)
    assert len(curve.steps) <= BINS
    assert len(curve.band_steps) == len(curve.low) == len(curve.high) <= BAND_BINS
    assert (curve.band_steps[0], curve.band_steps[-1]) == (0, n - 1)
    assert np.all(curve.low <= curve.high)
    assert losses.min() <= curve.low.min()
    assert curve.high.max() <= losses.max()
    low, high = (np.interp(np.arange(n), curve.band_steps, edge) for edge in (curve.low, curve.high))
    if n > 1000:
        assert 0.5 < np.mean((low <= losses) & (losses <= high)) < 0.97
    assert losses.min() - 1e-9 <= curve.smooth.min()
    assert curve.smooth.max() <= losses.max() + 1e-9
    assert np.all(np.diff(curve.steps) > 0)


def test_that_a_constant_loss_is_a_constant_curve():
    curve = loss_curve(np.arange(1000), np.full(1000, 0.4))
    np.testing.assert_allclose(curve.smooth, 0.4)


def test_that_losses_that_are_not_finite_are_left_out():
    curve = loss_curve([0, 1, 2, 3], [1.0, np.nan, np.inf, 3.0])
    assert curve.high.max() <= 3.0
    assert np.isfinite([curve.low, curve.high]).all()
    assert len(loss_curve([], []).steps) == 0


def test_that_a_leap_of_the_loss_does_not_flatten_the_rest():
    losses = np.linspace(2.5, 1.6, 400)
    losses[200:203] = 300.0
    low, high = vertical_range(loss_curve(np.arange(400), losses), 1.58)
    assert 2.4 < high < 60
    assert low < 1.58


def test_that_the_floor_and_the_curve_are_in_sight():
    curve = loss_curve(np.arange(500), 1 + np.exp(-np.arange(500) / 50))
    low, high = vertical_range(curve, 0.9)
    assert low < 0.9
    assert high > curve.smooth[len(curve.smooth) // 25 :].max()


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_that_ticks_are_few_and_in_sight(low, span):
    ticks = round_ticks(low, low + span, 4)
    assert 1 <= len(ticks) <= 4
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)


def test_that_a_plot_is_drawn_for_news_only_and_not_too_often(clock):
    clock.stands = True
    pace = Throttle()
    assert pace.is_due("a")
    assert not pace.is_due("a")
    assert not pace.is_due("b")
    clock.now += 1
    assert pace.is_due("b")
    assert not pace.is_due("b")


# ---- the panels ----


def _progress(step: int, floor: float | None = 0.387) -> TrainingProgress:
    losses = (0.4 + np.exp(-np.arange(step) / 30)).astype(np.float32)
    return TrainingProgress(1, TrainingState.RUNNING, step, 4000, 0, losses, 500.0, 5.0, floor)


def test_that_the_loss_appears_with_the_first_step_beside_its_floor(session, show):
    panel = show(LossPanel)
    assert panel.isHidden()
    session.train()
    session.results.training.take(_progress(600))
    frame(session, panel)
    assert not panel.isHidden()
    steps, smooth = panel.smooth.getData()
    assert len(steps)
    assert panel.section.head.summary == f"{smooth[-1]:.3f}"
    assert panel.floor_words.toPlainText() == "floor 0.387 (not zero)"
    assert panel.floor.getData()[1].tolist() == [0.387, 0.387]


def test_that_a_loss_without_a_known_floor_shows_none(session, show):
    panel = show(LossPanel)
    session.train()
    session.results.training.take(_progress(100, floor=None))
    frame(session, panel)
    assert not panel.floor.isVisible()
    assert not panel.floor_words.isVisible()


def _model(session) -> LearnedModel:
    d = session.store.document
    flat = FrozenArray(np.zeros(4))
    return LearnedModel(ModelSpec(), Objective.CFM, flat, 10, d.problem, TrainingSpec())


def test_that_the_error_over_t_is_shown_with_its_value_at_the_present_moment(engine, session, show):
    panel = show(FieldErrorPanel)
    model = _model(session)
    session.results.models[recipe_of_model(model)] = model
    commands.single_pane(session, FieldChoice.LEARNED)
    frame(session, panel)
    assert panel.isHidden()
    job = engine.in_lane("error/0")[-1]
    rows = job.result.shape[0]
    for row in range(rows // 4):
        job.result.write(row, np.array([row / 100], np.float32))
    session.playback.seek(0.5)
    frame(session, panel)
    assert not panel.section.head.summary
    for row in range(rows // 4, rows):
        job.result.write(row, np.array([row / 100], np.float32))
    frame(session, panel)
    assert not panel.isHidden()
    assert panel.section.head.summary == "0.100"
    assert panel.moment.getData()[0].tolist() == [0.5, 0.5]
    session.playback.seek(1.0)
    frame(session, panel)
    assert panel.section.head.summary == "0.200"


def test_that_the_marginal_is_the_density_summed_over_y(engine, session):
    session.playback.seek(0.5)  # so that rows come in another order than their times
    session.tick(0.0)
    job = engine.in_lane("density/0")[0]
    engine.fill(job)
    grid, row = job.request.grid, 7
    summed = marginal(job, row)
    expected = job.result.values[job.request.order.index(row)].sum(0) * (grid.ys[1] - grid.ys[0])
    np.testing.assert_allclose(summed.density, expected, rtol=1e-4)
    assert len(summed.x) == grid.nx


def test_that_the_legend_of_the_marginals_says_how_they_were_had(engine, session, show):
    panel = show(MarginalsPanel)
    engine.finish_all()
    frame(session, panel)
    assert "exact" in panel.legend.text()
    commands.set_field(session, "view.panes", (PaneSpec(density=DensityMethod.KDE),), "KDE")
    frame(session, panel)
    frame(session, panel)
    engine.finish_all()
    frame(session, panel)
    assert "exact field, KDE" in panel.legend.text()


def test_that_marginals_follow_time_between_source_and_target(engine, session, show):
    panel = show(MarginalsPanel)
    assert panel.isHidden()
    job = engine.in_lane("density/0")[0]
    engine.fill(job)
    frame(session, panel)
    assert not panel.isHidden()
    first = panel.present[0].getData()[1]
    np.testing.assert_allclose(first, marginal(job, 0).density)
    session.playback.seek(0.5)
    frame(session, panel)
    np.testing.assert_allclose(panel.present[0].getData()[1], marginal(job, 24).density)
    np.testing.assert_allclose(panel.source.getData()[1], marginal(job, 0).density)
    np.testing.assert_allclose(panel.target.getData()[1], marginal(job, 48).density)
    assert panel.section.head.summary == "t = 0.50"
    assert not panel.present[1].isVisible()


def test_that_marginals_wait_faintly_and_in_words(engine, session, show):
    """While another density is on its way the old curves stand, plainly not the present ones; where there are
    none, words say what is waited for."""
    panel = show(MarginalsPanel)
    engine.finish_all()
    frame(session, panel)
    old = panel.present[0].getData()[1]
    session.store.edit(lambda d: d.model_copy(update={"target": RingSpec()}), "Ring")
    for _ in range(3):
        session.tick(0.3)
        panel.refresh(())
    assert session.stage.panes[0].shown["density"].is_dimmed
    np.testing.assert_array_equal(panel.present[0].getData()[1], old)
    assert panel.present[0].isVisible()
    assert panel.present[0].opts["pen"].color().alphaF() < 0.5
    assert not panel.figures
    assert panel.legend.text() == "Computing the density …"
    session.stage.clear()
    frame(session, panel)
    assert not panel.isHidden()
    assert not panel.present[0].isVisible()
    assert panel.legend.text() == "Computing the density …"
    engine.finish_all()
    frame(session, panel)
    assert panel.present[0].opts["pen"].color().alphaF() == 1.0
    assert "exact" in panel.legend.text()
    assert len(panel.figures) == 1


def test_that_words_in_place_of_a_figure_are_seen_whole(engine, session, show):
    compare(session, COMPARISONS[1])
    panel = show(MetricsPanel)
    for index in range(3):
        engine.finish(engine.in_lane(f"trajectories/{index}")[-1])
    frame(session, panel)
    for index in range(3):
        for job in engine.in_lane(f"measure/{index}")[-1:]:
            job.result.write(0, np.array([0.05, 0.05, 3.0, 0.25], np.float32))
    for width in (292, 272, 252):
        panel.resize(width, 400)
        panel.parentWidget().resize(width, 900)
        frame(session, panel)
        panel.layout().activate()
        QApplication.processEvents()
        for _, _, ground in panel.rows:
            assert ground.text() == "within sampling noise"
            assert ground.width() >= ground.fontMetrics().horizontalAdvance(ground.text())


def test_that_links_follow_the_theme(show, theme):
    old = show(EquationPanel)
    for name in ("light", "dark"):
        theme.choose(name)
        links = [panel.wells[0].findChildren(QLabel)[-1] for panel in (old, show(EquationPanel))]
        changed, fresh = (link.grab().toImage() for link in links)
        assert changed == fresh, name


def test_that_metrics_have_a_row_a_pane_with_the_floor_beside(engine, session, show):
    compare(session, COMPARISONS[1])
    panel = show(MetricsPanel)
    assert panel.isHidden()
    for index in range(3):
        engine.finish(engine.in_lane(f"trajectories/{index}")[-1])
    frame(session, panel)
    for index, job in enumerate(job for i in range(3) for job in engine.in_lane(f"measure/{i}")[-1:]):
        job.result.write(0, np.array([0.058 * (0.9 + index), 0.058, 3.0, 0.25], np.float32))
    frame(session, panel)
    assert not panel.isHidden()
    rows = [tuple(label.text() for label in row) for row in panel.rows]
    assert rows == [
        ("ODE", "", "within sampling noise"),
        ("SDE", "0.110", "floor 0.0580"),
        ("Langevin", "0.168", "floor 0.0580"),
    ]
    assert [ways.text() for ways in panel.ways if ways.isVisible()] == [
        "path energy 3.00, straightness 0.250"  # of the flow alone: noise has no such energy
    ]
    assert "∫ |v|² dt" in panel.ways[0].toolTip()
    _, value, ground = panel.rows[0]
    for told in (ground.accessibleName(), ground.toolTip(), value.accessibleName()):
        assert "0.0522" in told
        assert "0.0580" in told


def test_that_the_equation_is_that_of_the_motion_with_its_source(session, show):
    panel = show(EquationPanel)
    assert panel.section.head.summary == "6.S184 notes, eq 20"
    commands.set_field(session, "dynamics", SDESpec(), "Choose dynamics")
    assert panel.section.head.summary == "6.S184 notes, Thm 2.3"
    assert len(panel.wells) == 1
    assert panel.words.text()
    compare(session, COMPARISONS[1])
    assert len(panel.wells) == 3


def test_that_the_equation_tells_the_coupling(session, show):
    panel = show(EquationPanel)
    panes.choose_new(session, "coupling", BridgeSpec)
    assert len(panel.wells) == 2
    assert "In u<sub>t</sub>, σ is that of the bridge" in panel.words.text()
    commands.set_field(session, "dynamics", SDESpec(sigma=0.6, profile="constant"), "Choose dynamics")
    assert len(panel.wells) == 1
    assert "The bridge itself" in panel.words.text()


def test_that_a_caption_takes_the_place_of_the_general_words_and_reads_well(session, show):
    panel = show(EquationPanel)
    assert panel.words.isVisible()
    commands.set_field(session, "caption", "See p_t & x < 2.\n\nTry: more steps.", "Caption")
    assert not panel.words.isVisible()
    assert "p<sub>t</sub> &amp; x &lt; 2." in panel.caption.text()
    assert panel.caption.text().count("<p") == 2


@pytest.mark.parametrize("entry", RIGHT_PANELS, ids=lambda entry: entry.id)
def test_that_every_panel_wears_both_dresses(session, show, theme, entry):
    panel = show(entry.make)
    session.train()
    session.results.training.take(_progress(50))
    theme.choose("light")
    frame(session, panel)
    theme.choose("dark")
    frame(session, panel)
    assert panel.minimumSizeHint().width() <= 276


def test_that_the_two_gradients_are_drawn_by_batch_size(engine, session, show):
    panel = show(GradientsPanel)
    view = session.store.document.view.model_copy(update={"gradients": True})
    session.store.edit(lambda d: d.model_copy(update={"view": view}), "Show gradients")
    frame(session, panel)
    assert panel.isHidden()
    job = engine.in_lane("gradients")[-1]
    for cosine, ratio in ((0.3, 4.0), (0.6, 2.0), (0.9, 1.1)):
        job.result.write(job.result.ready, np.array([cosine, ratio], np.float32))
    frame(session, panel)
    assert not panel.isHidden()
    assert panel.section.head.summary == "cos 0.90"
    np.testing.assert_allclose(panel.cosine.getData()[1], [0.3, 0.6, 0.9], rtol=1e-6)


def test_that_a_likelihood_is_told_in_nats_beside_the_entropy(session, show):
    panel = show(LossPanel)
    commands.set_field(session, "training.objective", "realnvp", "Objective")
    session.train()
    session.results.training.take(_progress(100, floor=1.58))
    frame(session, panel)
    assert panel.floor_words.toPlainText() == "entropy of p_data 1.580"
    assert panel.section.head.summary.endswith(" nats")
