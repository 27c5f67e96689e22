"""Laws of the gallery's opening scenes, whose documents are taken as they are: every pane is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from fmstudio.document import gallery
from fmstudio.engine.worker import build
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.verify.law import Measured, law, seeded, worst

OPENINGS = (
    *("two-moons", "eight-gaussians", "checkerboard", "six-targets"),
    *("ode-and-sde", "noise-level", "gaussian-mixture-source", "ring-to-moons", "drawn-to-drawn", "bridge"),
    *("transport-of-drawings", "interpolant"),
)
REACH = 8.0
CELLS = 401


def _marginals(entry: str) -> Iterator[Marginal]:
    """p_t of each pane, every one once."""
    document = next(each for each in gallery.ENTRIES if each.id == entry).make()
    panes = (document.experiment(index) for index in range(len(document.view.panes)))
    for problem in dict.fromkeys(pane.problem for pane in panes):
        yield build.marginal(problem)


def _mass_error(entry: str) -> Measured:
    axis = torch.linspace(-REACH, REACH, CELLS)
    cell = float(axis[1] - axis[0]) ** 2
    densities = [path.density_on_grid(axis, axis, t) for path in _marginals(entry) for t in (0.0, 0.5, 1.0)]
    return Measured(max(abs(float(density.double().sum()) * cell - 1) for density in densities), 1e-4)


def _pull_error(entry: str) -> Measured:
    """The best prediction of z: the mean of D_t over draws of x_t is the mean of the target."""
    gaps = []
    for k, path in enumerate(_marginals(entry)):
        n = 20_000
        x = path.sample(n, 0.5, seeded(200 + k))
        mean, z = path.posterior_mean(x, 0.5).double(), path.target.sample(n, seeded(300 + k)).double()
        error = ((mean.var(0) + z.var(0)) / n).sqrt()
        gaps.append(worst((mean.mean(0) - z.mean(0)) / error))
    return Measured(max(gaps), 4.0)


def _bound(measure: Callable[[str], Measured], entry: str) -> Callable[[], Measured]:
    return lambda: measure(entry)


for _entry in OPENINGS:
    law(_entry, "p_t of every pane holds mass 1 at t = 0, 1/2, 1", "quadrature in float32: 1e-4")(
        _bound(_mass_error, _entry)
    )
    law(
        _entry,
        "E D_t(x_t) = E z in every pane (“Vector fields” post; 6.S184 notes, eq 18)",
        "4 standard errors, in these",
    )(_bound(_pull_error, _entry))
