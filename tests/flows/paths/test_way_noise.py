"""Noise on the way: its rates are the derivatives, and it is nothing at the ends."""

from __future__ import annotations

import torch

from fmstudio.flows.paths.way_noise import NO_NOISE, WayNoise


def test_that_its_rates_are_derivatives_and_the_ends_know_none_of_it() -> None:
    way = WayNoise(0.7)
    t = torch.linspace(0.05, 0.95, 19, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(way.variance(t).sqrt().sum(), t)
    torch.testing.assert_close(way.speed(t), slope)
    (half,) = torch.autograd.grad(way.variance(t).sum() / 2, t)
    torch.testing.assert_close(way.rate(t), half)
    ends = torch.tensor([0.0, 1.0])
    assert way.variance(ends).tolist() == [0.0, 0.0]
    assert way.speed(ends).isfinite().all()
    assert NO_NOISE.variance(t).abs().max() == 0
