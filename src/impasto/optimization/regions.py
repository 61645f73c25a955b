"""Pictures of styles, regions on a device, and the statistics of parts of pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from impasto.perceptual.features import FeatureExtractor, FeatureTile
from impasto.perceptual.statistics import Statistics, guided_statistics, statistics
from impasto.scene import Region

Pixels = TypeVar("Pixels")
"""An array, as loaded, or a tensor on the device."""


@dataclass(frozen=True, eq=False)
class StylePicture(Generic[Pixels]):
    """A picture to take a style from; the style of a region is a list of them.

    Attributes:
        image: (h, w, 3) in [0, 1], or a tensor (1, 3, h, w).
        weight: relative to the region's other pictures.
        mask: the part of it to use, of any size, (H, W) in [0, 1], or a tensor (1, 1, h, w) of the
            image's size; None for all of it.
    """

    image: Pixels
    weight: float = 1.0
    mask: Pixels | None = None


def share(region: Region) -> float:
    """Compute the fraction of the painting that a region on the device covers, in [0, 1]."""
    return 1.0 if region.mask is None else float(region.mask.mean())


def coverage(regions: Sequence[Region]) -> Tensor | None:
    """Sum the masks of all regions, (1, 1, H, W) in [0, 1]; None if they cover everything."""
    masks = [region.mask for region in regions if region.mask is not None]
    if len(masks) < len(regions):
        return None
    covered = torch.stack(masks).sum(0).clamp(0, 1)
    # Masks that were resized sum to 1 up to rounding.
    return None if bool((covered > 0.999).all()) else covered


def statistics_within(
    extractor: FeatureExtractor, layers: Sequence[str], image: Tensor, mask: Tensor | None
) -> Callable[[FeatureTile], list[Statistics]]:
    """Make a function that computes the statistics of a part of an image, tile by tile.

    With a mask, every position is weighted by the mask, divided by its sum: Gatys et al. 2017,
    "Controlling perceptual factors in neural style transfer", section 4, where features are
    multiplied by the roots of these weights.

    Returns:
        A function that computes a tile's contribution to the statistics of each layer.
    """
    if mask is None:
        sizes = extractor.sizes(image)
        counts = {layer: height * width for layer, (height, width) in sizes.items()}

        def plain(tile: FeatureTile) -> list[Statistics]:
            return [statistics(tile.features[layer], counts[layer]) for layer in layers]

        return plain
    covered = extractor.downsample_mask(mask)
    guides = {layer: cells / cells.sum().clamp_min(1e-12) for layer, cells in covered.items()}

    def guided(tile: FeatureTile) -> list[Statistics]:
        return [
            guided_statistics(tile.features[layer], guides[layer][tile.places[layer]])
            for layer in layers
        ]

    return guided
