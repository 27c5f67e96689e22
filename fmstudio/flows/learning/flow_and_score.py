"""Two networks of one shape, for the flow and the score of a way with noise (SF2M: Tong et al. 2023)."""

from __future__ import annotations

from typing import Self, final

import torch
from torch import Tensor

from fmstudio.flows.learning.layers import require_flat
from fmstudio.flows.learning.networks import MLP


@final
class FlowAndScore:
    """``flow`` answers the velocity, ``score`` the score, each (n, 2). All of their numbers are the vector
    ``flat``: those of the flow, then those of the score."""

    def __init__(self, width: int, layers: int, generator: torch.Generator | None = None) -> None:
        """Fresh networks. Raises ValueError for an empty shape."""
        fresh = [MLP(width, layers, generator) for _ in range(2)]
        self.width, self.layers = width, layers
        self._bind(torch.cat([network.flat for network in fresh]))

    def _bind(self, flat: Tensor) -> None:
        self.flat = flat
        self.flow, self.score = (MLP.over(self.width, self.layers, half) for half in flat.chunk(2))

    @classmethod
    def from_flat(cls, width: int, layers: int, flat: Tensor) -> Self:
        """The networks with these numbers (copied). Raises ValueError for a wrong length or NaN."""
        require_flat(flat, 2 * MLP.size(width, layers), f"two networks of {layers} layers of {width}")
        both = cls(width, layers)
        both._bind(flat.detach().clone())
        return both

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """A copy there."""
        return type(self).from_flat(self.width, self.layers, self.flat.to(device=device, dtype=dtype))
