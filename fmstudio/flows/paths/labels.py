"""The parts of a labelled target: what guidance steers towards."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice


def split_by_label(target: Distribution) -> tuple[Tensor, list[Distribution]]:
    """The probability of each label, (K,), and the law of what bears it.

    A mixture's labels are its components, a cloud's and a lattice's are given with it. Raises ValueError for
    a target without labels, or one where a label below the largest bears nothing.
    """
    if isinstance(target, GaussianMixture):
        return target.weights, [_component(target, k) for k in range(len(target.weights))]
    if isinstance(target, Cloud) and target.labels is not None:
        cloud = target
        return _split(target.labels, target.weights, lambda own: _cloud_part(cloud, own))
    if isinstance(target, Lattice) and target.labels is not None:
        mass, half = target.mass, target.half
        return _split(target.labels, mass, lambda own: Lattice(mass * own, half, name="drawing"))
    raise ValueError(f"guidance needs a labelled target: a {target.name} has no labels")


def _split(
    labels: Tensor, mass: Tensor, part: Callable[[Tensor], Distribution]
) -> tuple[Tensor, list[Distribution]]:
    masks = [labels == k for k in range(int(labels[mass > 0].max()) + 1)]
    shares = torch.stack([mass[own].sum() for own in masks])
    if not bool((shares > 0).all()):
        raise ValueError(f"label {int((shares <= 0).nonzero()[0])} bears no mass; number labels from 0 on")
    return shares, [part(own) for own in masks]


def _component(mixture: GaussianMixture, k: int) -> GaussianMixture:
    rows = slice(k, k + 1)
    return GaussianMixture(torch.ones_like(mixture.weights[rows]), mixture.means[rows], mixture.covs[rows])


def _cloud_part(cloud: Cloud, own: Tensor) -> Cloud:
    return Cloud(cloud.points[own], cloud.weights[own], cloud.width, name=cloud.name)
