"""Replace the colours of transparent parts, so that they do not affect how the rest is painted.

Editors leave black there, white, or the rest of the original picture. Files that look the same may
differ in it.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image.masks import Mask
from impasto.image.samples import FloatImage, ImageArray, to_float

_FAINT = 16 / 255
"""Alpha below which a pixel's own colour fades out, as it is hardly visible."""

_SIDE = 512
"""Long side in pixels at which hidden parts are filled."""

_GREY = 0.5
"""The colour of a completely transparent picture."""


def visible(alpha: Mask | None) -> Mask | None:
    """Compute the weight of each pixel by its visibility, (H, W); None for equal weights.

    All pixels that are not faint have the same weight: half-transparent glass is as much a part of
    the picture as an opaque stone.
    """
    if alpha is None:
        return None
    shares = np.minimum(alpha / np.float32(_FAINT), 1).astype(np.float32)
    return None if shares.min() >= 1 else shares


def filled(samples: ImageArray, alpha: NDArray[np.float32]) -> ImageArray:
    """Fill transparent parts with a mirror image of the visible parts.

    A mirror image keeps the texture that networks and statistics measure; a blur would not. Colours
    of faint pixels fade into it.

    Args:
        samples: (H, W, 3).
        alpha: (H, W) in [0, 1].
    """
    shares = visible(alpha)
    if shares is None:
        return samples
    faint = shares < 1
    guess = _continued(samples, shares)[faint]
    opacity = shares[faint][:, None]
    mixed = opacity * to_float(samples[faint]) + (1 - opacity) * guess
    finished: ImageArray = samples.copy()
    finished[faint] = np.rint(mixed * 255) if samples.dtype == np.uint8 else mixed
    return finished


def _continued(samples: ImageArray, shares: FloatImage) -> FloatImage:
    """Compute the filling, (H, W, 3), at a reduced size if the picture is large."""
    height, width = shares.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    weights = _resized(shares, size, Image.Resampling.BOX)
    known = weights > 1e-3
    if not known.any():
        return np.full((height, width, 3), _GREY, np.float32)
    guess = np.empty((*known.shape, 3), np.float32)
    for channel in range(3):
        weighted = _resized(shares * to_float(samples[..., channel]), size, Image.Resampling.BOX)
        guess[..., channel] = weighted / np.maximum(weights, 1e-3)
    while not known.all():
        for axis in (1, 0):
            _mirror(guess, known, axis)
    planes = [_resized(guess[..., k], (width, height), Image.Resampling.BILINEAR) for k in range(3)]
    return np.stack(planes, axis=2).clip(0, 1)


def _mirror(guess: FloatImage, known: NDArray[np.bool_], axis: int) -> None:
    """Fill unknown pixels whose mirror image across the nearest edge, along an axis, is known.

    Filled pixels are known from then on, so the filling doubles with every pass.
    """
    if axis == 0:
        guess, known = guess.swapaxes(0, 1), known.T
    rows, columns = known.shape
    places = np.arange(columns)
    before = np.maximum.accumulate(np.where(known, places, -columns), axis=1)
    after = np.minimum.accumulate(np.where(known, places, 3 * columns)[:, ::-1], axis=1)[:, ::-1]
    nearer = places - before <= after - places
    mirrored = np.where(nearer, 2 * before + 1, 2 * after - 1) - places
    inside = (mirrored >= 0) & (mirrored < columns)
    mirrored = np.where(inside, mirrored, 0)
    line = np.arange(rows)[:, None]
    fills = ~known & inside & known[line, mirrored]
    targets = np.nonzero(fills)
    guess[targets] = guess[targets[0], mirrored[targets]]
    known[targets] = True


def _resized(plane: FloatImage, size: tuple[int, int], filter_: Image.Resampling) -> FloatImage:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, filter_))
