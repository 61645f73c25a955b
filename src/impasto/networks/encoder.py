"""The interface of perceptual encoders for losses and training."""

from collections.abc import Collection
from typing import Protocol

from torch import Tensor


class Encoder(Protocol):
    """A network that computes features of pictures at several layers."""

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Its layers, from shallow to deep, named as in the papers: `relu4_1`."""

    def minimum_side(self, layers: Collection[str]) -> int:
        """Compute the smallest side of a picture, in pixels, for the deepest of `layers`."""

    def stride(self, layer: str) -> int:
        """Compute the pixels between two positions of a layer: 8 for `relu4_1`."""

    def receptive_radius(self, layers: Collection[str]) -> int:
        """Compute the radius in pixels of the receptive field of `layers`, beyond their stride."""

    def values_per_pixel(self, layers: Collection[str]) -> float:
        """Count the values of all features per pixel, up to the deepest of `layers`."""

    def __call__(
        self, image: Tensor, layers: Collection[str], *, recompute: bool = False
    ) -> dict[str, Tensor]:
        """Compute the features of `layers`, each (N, C, h, w), of (N, 3, H, W) in [0, 1].

        With `recompute`, features that only gradients need are recomputed instead of kept.
        """
