"""Apply the setting `colour` to styles before painting, and to the painting afterwards.

Pictures are float32 RGB (H, W, 3) in [0, 1], sRGB-encoded. `image.colour` has the formulas and
papers.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from impasto.image.colour import (
    COLOUR_TRANSFERS,
    Gaussian,
    apply_transport,
    gaussian,
    match_luminance,
    with_contrast,
)
from impasto.image.masks import Mask
from impasto.image.masks import resize as resize_mask
from impasto.image.samples import FloatImage
from impasto.optimization.regions import StylePicture
from impasto.settings import Colour


def prepare(
    style: FloatImage, photo: FloatImage, colour: Colour, mask: Mask | None = None
) -> FloatImage:
    """Prepare a style picture: give it the photo's lightness or colours, if the setting says so.

    Args:
        mask: weights of the photo's pixels, (H, W), those that are painted in the style; None
            for equal weights.
    """
    if colour == "luminance":
        return match_luminance(style, photo, mask)
    if colour == "linear":
        return apply_transport(style, gaussian(style), gaussian(photo, mask))
    return style


def contrasted(
    style: StylePicture[FloatImage], photo: FloatImage, least: float, mask: Mask | None = None
) -> StylePicture[FloatImage]:
    """Raise the contrast of a style picture, see `image.colour.with_contrast`.

    Args:
        style: its mask tells which of its pixels count.
        mask: weights of the photo's pixels, (H, W); None for equal weights.
    """
    found = gaussian(style.image, _fitting(style.mask, style.image))
    raised = with_contrast(found, gaussian(photo, mask), least)
    if raised is found:
        return style
    return replace(style, image=apply_transport(style.image, found, raised))


def recolour(
    photo: FloatImage, styles: Sequence[StylePicture[FloatImage]], mask: Mask | None = None
) -> FloatImage:
    """Give the photo the mean and covariance of colours of a mixture of styles.

    Args:
        styles: pictures of any size.
        mask: weights of the photo's pixels, (H, W); None for equal weights.
    """
    weights = [style.weight for style in styles]
    each = [gaussian(style.image, _fitting(style.mask, style.image)) for style in styles]
    mean = np.average([one.mean for one in each], axis=0, weights=weights)
    moments = [one.covariance + np.outer(one.mean, one.mean) for one in each]
    second = np.average(moments, axis=0, weights=weights)
    mixed = Gaussian(mean, second - np.outer(mean, mean))
    return apply_transport(photo, gaussian(photo, mask), mixed)


def finish(
    painted: FloatImage, photo: FloatImage, colour: Colour, mask: Mask | None = None
) -> FloatImage:
    """Give the painting its final colours; the photo has the painting's size.

    Args:
        mask: weights of the pixels, (H, W), those that are painted; None for equal weights.
    """
    if colour in ("style", "linear"):  # the styles have these colours already
        return painted
    return COLOUR_TRANSFERS[colour](painted, photo, mask)


def _fitting(mask: Mask | None, pixels: FloatImage) -> Mask | None:
    """Resize a mask to the size of its picture."""
    return None if mask is None else resize_mask(mask, (pixels.shape[1], pixels.shape[0]))
