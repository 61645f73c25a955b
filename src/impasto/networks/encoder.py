"""What losses and training ask of a perceptual encoder, whichever network it is."""

from collections.abc import Collection
from typing import Protocol

from torch import Tensor


class Encoder(Protocol):
    """A network that turns pictures into features, layer by layer."""

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers it has, from shallow to deep, named as in the papers: `relu4_1`."""

    def minimum_side(self, layers: Collection[str]) -> int:
        """Compute the fewest pixels a side may have to reach the deepest of `layers`."""

    def stride(self, layer: str) -> int:
        """Compute the pixels a side that one position of a layer stands for: 8 for `relu4_1`."""

    def receptive_radius(self, layers: Collection[str]) -> int:
        """Compute how many pixels beyond its own a position of `layers` looks at."""

    def values_per_pixel(self, layers: Collection[str]) -> float:
        """Count the values of all features, per pixel, on the way to the deepest of `layers`."""

    def __call__(
        self, image: Tensor, layers: Collection[str], *, recompute: bool = False
    ) -> dict[str, Tensor]:
        """Compute the features of `layers`, each (N, C, h, w), of (N, 3, H, W) in [0, 1].

        With `recompute`, features that only gradients need are computed again instead of kept.
        """
