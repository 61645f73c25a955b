"""Where a painting's colours come from: what is done to its styles before, and to it after.

Pictures are float32 RGB (H, W, 3) in [0, 1], sRGB-encoded. Of each mode `image.colour` has the
formula and the paper.
"""

from collections.abc import Sequence

import numpy as np

from impasto.image.colour import (
    COLOUR_TRANSFERS,
    Gaussian,
    apply_transport,
    gaussian,
    match_luminance,
)
from impasto.image.masks import Mask
from impasto.image.masks import resize as resize_mask
from impasto.image.samples import FloatImage
from impasto.scene import WeightedStyle
from impasto.settings import Colour


def prepare(
    style: FloatImage, photo: FloatImage, colour: Colour, covered: Mask | None = None
) -> FloatImage:
    """Prepare the style picture whose strokes, and perhaps colours, are to be painted with.

    Args:
        covered: how much of each of the photo's pixels is painted with it, (H, W); None for all.
            The photo's colours elsewhere are not those to be taken on.
    """
    if colour == "luminance":
        return match_luminance(style, photo, covered)
    if colour == "linear":
        return apply_transport(style, gaussian(style), gaussian(photo, covered))
    return style


def recolour(
    photo: FloatImage, styles: Sequence[WeightedStyle[FloatImage]], covered: Mask | None = None
) -> FloatImage:
    """Give the photo the mean and covariance of the colours of several styles mixed.

    Args:
        styles: pictures of any size.
        covered: how much of each of the photo's pixels counts, (H, W); None for all alike.
    """
    weights = [style.weight for style in styles]
    each = [gaussian(style.style, _fitting(style.mask, style.style)) for style in styles]
    mean = np.average([one.mean for one in each], axis=0, weights=weights)
    moments = [one.covariance + np.outer(one.mean, one.mean) for one in each]
    second = np.average(moments, axis=0, weights=weights)
    mixed = Gaussian(mean, second - np.outer(mean, mean))
    return apply_transport(photo, gaussian(photo, covered), mixed)


def finish(
    painted: FloatImage, photo: FloatImage, colour: Colour, covered: Mask | None = None
) -> FloatImage:
    """Give the painting its final colours; the photo has the painting's size.

    Args:
        covered: how much of each pixel is painted, (H, W); None for all. What is not has no
            colours to speak of, and the photo's there are not those to be taken on.
    """
    if colour in ("style", "linear"):  # painted with, from the start
        return painted
    return COLOUR_TRANSFERS[colour](painted, photo, covered)


def _fitting(mask: Mask | None, pixels: FloatImage) -> Mask | None:
    """Bring a mask to the size of its picture."""
    return None if mask is None else resize_mask(mask, (pixels.shape[1], pixels.shape[0]))
