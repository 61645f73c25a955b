"""Colour spaces, and transfers of colours from one picture to another.

All functions take and return float32 (H, W, 3). RGB is sRGB-encoded in [0, 1] unless the name
says linear.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.image.masks import Mask
from impasto.image.samples import LUMA, FloatImage

Reals = NDArray[np.float64]

# Ottosson 2020, "A perceptual color space for image processing", as revised 2021-01-25:
# linear sRGB to cone responses, and their cube roots to L, a, b.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# Inverting here, rather than copying the paper's rounded inverses, makes round trips exact.
_FROM_CONES = np.linalg.inv(_TO_CONES)
_FROM_LAB = np.linalg.inv(_TO_LAB)

# Rounding may move a colour on the surface of the gamut this far outside, in linear light.
_GAMUT_TOLERANCE = 1e-6

MOST_RAISED = 2.0
"""Largest factor by which the contrast of a style is raised."""

# Bisection steps for the largest chroma in gamut: to 1/4096 of the chroma.
_CHROMA_STEPS = 12

# A standard deviation of 0.01: smaller variations of colour are treated as noise.
_NOISE_VARIANCE = 1e-4

# Standard deviation of a channel of OKLab; flatter channels are not stretched.
_FLAT = 1e-2


def srgb_to_linear(rgb: FloatImage) -> FloatImage:
    """Convert sRGB-encoded values to light (IEC 61966-2-1).

    u = v / 12.92                      where v <= 0.04045
        ((v + 0.055) / 1.055) ** 2.4   elsewhere
    """
    high = ((np.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(rgb <= 0.04045, rgb / 12.92, high).astype(np.float32)


def linear_to_srgb(linear: FloatImage) -> FloatImage:
    """Convert light to sRGB-encoded values, the inverse of `srgb_to_linear`.

    v = 12.92 u                        where u <= 0.0031308
        1.055 u ** (1 / 2.4) - 0.055   elsewhere
    """
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, high).astype(np.float32)


def rgb_to_oklab(rgb: FloatImage) -> FloatImage:
    """Convert to OKLab, in which distance is close to perceived difference (Ottosson 2020).

    Returns:
        L in [0, 1], a (green to red) and b (blue to yellow) within about [-0.4, 0.4].
    """
    cones = _apply(_TO_CONES, srgb_to_linear(rgb))
    return _apply(_TO_LAB, np.cbrt(cones))


def oklab_to_rgb(lab: FloatImage) -> FloatImage:
    """Convert OKLab to sRGB, clipped to [0, 1]; `reduce_chroma` first avoids a shift of hue."""
    return linear_to_srgb(_oklab_to_linear(lab)).clip(0, 1)


def reduce_chroma(lab: FloatImage) -> FloatImage:
    """Bring OKLab colours into the sRGB gamut by fading them towards grey.

    L is clipped to [0, 1] and kept, as is the hue; a and b are scaled by the largest factor in
    [0, 1] that fits, found by bisection. Clipping RGB channels instead would shift hue and
    lightness.
    """
    lab = lab.copy()
    lab[..., 0] = np.clip(lab[..., 0], 0, 1)
    outside = ~_in_gamut(lab)
    outliers = lab[outside]
    chroma = outliers[:, 1:].copy()
    fits, exceeds = np.zeros(len(outliers), np.float32), np.ones(len(outliers), np.float32)
    for _ in range(_CHROMA_STEPS):
        middle = (fits + exceeds) / 2
        outliers[:, 1:] = chroma * middle[:, None]
        inside = _in_gamut(outliers)
        fits, exceeds = np.where(inside, middle, fits), np.where(inside, exceeds, middle)
    outliers[:, 1:] = chroma * fits[:, None]
    lab[outside] = outliers
    return lab


def transfer_luminance(
    painted: FloatImage, photo: FloatImage, mask: Mask | None = None
) -> FloatImage:
    """Give the brush strokes of the painting the colours of the photo.

    Colours come from the photo. Lightness comes from the painting, with the mean and spread of the
    photo's lightness:

    L = (L_painted - mean(L_painted)) std(L_photo) / std(L_painted) + mean(L_photo)

    Gatys, Bethge, Hertzmann, Shechtman 2016, "Preserving color in neural artistic style
    transfer", section 3.2. They take YIQ for the colours and match the style before painting;
    we take OKLab, whose lightness agrees better with the eye, and match the finished painting.

    Args:
        mask: weights of the pixels of both, (H, W); None for equal weights.

    Raises:
        ValueError: the two differ in size.
    """
    if painted.shape != photo.shape:
        raise ValueError(f"the painting is {painted.shape}, the photo {photo.shape}")
    lab = rgb_to_oklab(photo)
    lightness = rgb_to_oklab(painted)[..., 0]
    weights = _pixel_weights(mask)
    lab[..., 0] = _match_spread(lightness, lab[..., 0], weights, weights)
    return oklab_to_rgb(reduce_chroma(lab))


def match_luminance(
    image: FloatImage, reference: FloatImage, mask: Mask | None = None
) -> FloatImage:
    """Give the image the mean and spread of the reference's lightness, but keep its colours.

    L = (L_image - mean(L_image)) std(L_reference) / std(L_image) + mean(L_reference)

    Gatys et al. 2016, section 3.2, do this to the style before `transfer_luminance`, so that the
    strokes have no more contrast than the photo. The pictures may differ in size.

    Args:
        mask: weights of the reference's pixels, (H, W); None for equal weights.
    """
    lab, target = rgb_to_oklab(image), rgb_to_oklab(reference)[..., 0]
    lab[..., 0] = _match_spread(lab[..., 0], target, reference_weights=_pixel_weights(mask))
    return oklab_to_rgb(reduce_chroma(lab))


class Gaussian(NamedTuple):
    """Mean (3,) and covariance (3, 3) of a picture's colours."""

    mean: Reals
    covariance: Reals


def gaussian(image: FloatImage, mask: Mask | None = None) -> Gaussian:
    """Compute mean and covariance of the image's colours, divided by the number of pixels.

    Args:
        mask: weights of the pixels, (H, W); None for equal weights.
    """
    planes = np.array(image.reshape(-1, 3).T, order="C")  # contiguous channels are summed faster
    if (weights := _pixel_weights(mask)) is not None:
        mean = planes @ weights
        planes -= mean.astype(np.float32)[:, None]
        return Gaussian(mean, (planes * weights) @ planes.T)
    mean = planes.mean(axis=1, dtype=np.float64)
    planes -= mean.astype(np.float32)[:, None]
    # Not `planes @ planes.T`: the threads of a matrix product keep spinning afterwards, as long as
    # a small painting takes, and slow down the network's threads.
    products = np.einsum("in,jn->ij", planes, planes, dtype=np.float64)
    return Gaussian(mean, products / planes.shape[1])


def optimal_transport_map(source: Gaussian, target: Gaussian) -> tuple[Reals, Reals]:
    """Find the affine map x -> A x + b from one Gaussian of colours to another.

    A = C^-1/2 (C^1/2 C_target C^1/2)^1/2 C^-1/2,  b = mean_target - A mean,

    It moves colours least among all such maps (Monge-Kantorovich; Pitie and Kokaram 2007, "The
    linear Monge-Kantorovitch linear colour mapping for example-based colour transfer", eq. 12). The
    variance of noise is added to both covariances, so that those of grey or flat pictures can be
    inverted and noise is not amplified to colour.
    """
    noise = _NOISE_VARIANCE * np.eye(3)
    covariance, target_covariance = source.covariance + noise, target.covariance + noise
    root, inverse_root = symmetric_power(covariance, 0.5), symmetric_power(covariance, -0.5)
    matrix = inverse_root @ symmetric_power(root @ target_covariance @ root, 0.5) @ inverse_root
    return matrix, target.mean - matrix @ source.mean


def with_contrast(palette: Gaussian, photo: Gaussian, least: float) -> Gaussian:
    """Raise the contrast of a style's colours to `least`.

    It is raised at most to the photo's contrast, and at most by the factor `MOST_RAISED`.

    Some paintings have little contrast. They show their subject by hues and contours that a photo
    does not have; in their colours, a photo would be dull and hard to recognise.

    Args:
        palette: of the style.
        photo: the colours of the photo.
        least: standard deviation of luma; 0 changes nothing.

    Returns:
        Colours with the same mean. Their deviations in luma are multiplied by a factor, and the
        rest of their deviations by its square root.
    """
    factor = min(least, contrast(photo)) / max(contrast(palette), 1e-6)
    if factor <= 1:
        return palette
    factor = min(factor, MOST_RAISED)
    to_grey = np.outer(np.ones(3), LUMA)
    matrix = factor * to_grey + math.sqrt(factor) * (np.eye(3) - to_grey)
    return Gaussian(palette.mean, matrix @ palette.covariance @ matrix.T)


def contrast(colours: Gaussian) -> float:
    """Compute the standard deviation of luma (`LUMA`), of a range of 1."""
    return math.sqrt(max(0.0, float(LUMA @ colours.covariance @ LUMA)))


def symmetric_power(matrix: Reals, exponent: float) -> Reals:
    """Raise a symmetric positive semi-definite matrix to a power.

    Eigenvalues that rounding leaves below 0 count as 0.
    """
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0) ** exponent) @ vectors.T)


def match_mean_covariance(
    image: FloatImage, reference: FloatImage, mask: Mask | None = None
) -> FloatImage:
    """Give the image the mean and covariance of the reference's colours.

    By the `optimal_transport_map`, on sRGB-encoded values. The pictures may differ in size.

    Args:
        mask: weights of the pixels of both, (H, W); None for equal weights.

    Returns:
        As the image, clipped to [0, 1].
    """
    return apply_transport(image, gaussian(image, mask), gaussian(reference, mask))


def apply_transport(image: FloatImage, source: Gaussian, target: Gaussian) -> FloatImage:
    """Map the image's colours from one Gaussian to another, clipped to [0, 1]."""
    matrix, offset = optimal_transport_map(source, target)
    return (_apply(matrix, image) + offset.astype(np.float32)).clip(0, 1)


def match_histogram(
    image: FloatImage, reference: FloatImage, mask: Mask | None = None
) -> FloatImage:
    """Give each OKLab channel of the image the reference's distribution of values.

    Every value is mapped to the reference's value of the same rank, v -> F_ref^-1(F(v)), where F is
    the fraction of pixels below v plus half of those equal to it. Equal values stay equal, and the
    order is kept. Unlike matching in three dimensions (Pitie et al. 2005), this keeps the
    correlations of the channels and adds no grain. A channel that hardly varies, such as the colour
    of a grey picture, is not stretched, as its ranks are noise. The pictures may differ in size.

    Args:
        mask: weights of the pixels of both, (H, W); None for equal weights.
    """
    weights = _pixel_weights(mask)
    lab, target = rgb_to_oklab(image), rgb_to_oklab(reference)
    for channel in range(3):
        lab[..., channel] = _match_ranks(lab[..., channel], target[..., channel], weights)
    return oklab_to_rgb(reduce_chroma(lab))


COLOUR_TRANSFERS = {
    "luminance": transfer_luminance,
    "linear": match_mean_covariance,
    "histogram": match_histogram,
}
"""Functions that give a finished painting the photo's colours, by the setting `colour`."""


def _apply(matrix: Reals, pixels: FloatImage) -> FloatImage:
    return np.asarray(pixels @ matrix.T.astype(np.float32))


def _oklab_to_linear(lab: FloatImage) -> FloatImage:
    return _apply(_FROM_CONES, _apply(_FROM_LAB, lab) ** 3)


def _in_gamut(lab: FloatImage) -> NDArray[np.bool_]:
    linear = _oklab_to_linear(lab)
    inside = (linear >= -_GAMUT_TOLERANCE) & (linear <= 1 + _GAMUT_TOLERANCE)
    return np.asarray(inside.all(axis=-1))


def _pixel_weights(mask: Mask | None) -> Reals | None:
    """Flatten a mask to weights of pixels with a sum of 1; None for equal weights.

    A mask of zeros gives equal weights, too.
    """
    if mask is None or not mask.any():
        return None
    flat = mask.ravel().astype(np.float64)
    return np.asarray(flat / flat.sum())


def _mean_and_spread(values: FloatImage, weights: Reals | None) -> tuple[float, float]:
    """Compute the mean and the standard deviation."""
    if weights is None:
        return float(values.mean()), float(values.std())
    mean = float(values.ravel() @ weights)
    return mean, float(np.sqrt((values.ravel() - mean) ** 2 @ weights))


def _match_spread(
    values: FloatImage,
    reference: FloatImage,
    weights: Reals | None = None,
    reference_weights: Reals | None = None,
) -> FloatImage:
    """Shift and scale values to the reference's mean and standard deviation."""
    mean, spread = _mean_and_spread(values, weights)
    wanted_mean, wanted_spread = _mean_and_spread(reference, reference_weights)
    gain = wanted_spread / max(spread, _FLAT)
    return np.asarray((values - mean) * gain + wanted_mean, np.float32)


def _match_ranks(values: FloatImage, reference: FloatImage, weights: Reals | None) -> FloatImage:
    _, positions, amounts = _counted(values, weights)
    targets, target_amounts = _distribution(reference, weights)
    matched = np.interp(_ranks(amounts), _ranks(target_amounts), targets)
    _, spread = _mean_and_spread(values, weights)
    mean, _ = _mean_and_spread(reference, weights)
    faded = mean + min(1.0, spread / _FLAT) * (matched - mean)
    return faded.astype(np.float32)[positions].reshape(values.shape)


def _counted(
    values: FloatImage, weights: Reals | None
) -> tuple[FloatImage, NDArray[np.intp], Reals]:
    """Find the distinct values in order, the index of each pixel's value, and their weights."""
    distinct, positions = np.unique(values, return_inverse=True)
    return distinct, positions, np.bincount(positions.ravel(), weights).astype(np.float64)


def _distribution(values: FloatImage, weights: Reals | None) -> tuple[FloatImage, Reals]:
    """Find the distinct values in order that have weight, and their weights."""
    if weights is None:  # without the index, in a third of the time
        distinct, counts = np.unique(values, return_counts=True)
        return distinct, counts.astype(np.float64)
    distinct, _, amounts = _counted(values, weights)
    return distinct[amounts > 0], amounts[amounts > 0]


def _ranks(counts: Reals) -> Reals:
    """Compute the fraction of pixels below each distinct value, plus half of those equal to it."""
    return np.asarray((np.cumsum(counts) - counts / 2) / counts.sum())
