"""Sizes and resampling."""

import math

import numpy as np
from PIL import Image

from impasto.image.samples import FloatImage, ImageArray, bands, to_float

_SUPPORT = 3
"""How many pixels of the coarser of the two grids the filter looks at on each side."""


def fit(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Compute the size of the same shape whose longer side is `long_side`, at least 1 pixel.

    Raises:
        ValueError: a side is below 1.
    """
    width, height = size
    if min(width, height, long_side) < 1:
        raise ValueError(f"cannot fit {width} x {height} into {long_side} pixels")
    longest = max(size)
    return max(1, round(width * long_side / longest)), max(1, round(height * long_side / longest))


def fit_down(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Compute the size as `fit`, but never a larger one."""
    return fit(size, min(long_side, max(size)))


def fit_min_side(size: tuple[int, int], long_side: int, least: int) -> tuple[int, int]:
    """Compute the size as `fit`, but larger where the shorter side would be below `least`."""
    return fit(size, max(long_side, math.ceil(least * max(size) / min(size))))


def resize(samples: ImageArray, size: tuple[int, int]) -> FloatImage:
    """Resample with a Lanczos filter (a = 3), widened when shrinking, so nothing aliases.

    Works channel by channel in float32, so no precision is lost to 8 bits on the way, and a few
    rows at a time, so that it takes little memory beside the result.

    Args:
        samples: (H, W, C) pixels or (H, W) alpha.
        size: (width, height) of the result.

    Returns:
        (height, width, C) or (height, width) in [0, 1]: clipped, as the filter overshoots.
    """
    width, height = size
    resized = np.empty((height, width, *samples.shape[2:]), np.float32)
    # Bands are measured on the larger of the two pictures.
    most = max(height, samples.shape[0])
    for band in bands(most, max(width, samples.shape[1])):
        rows = slice(band.start * height // most, band.stop * height // most)
        if rows.stop > rows.start:
            resized[rows] = resize_rows(samples, size, rows)
    return resized


def resize_rows(samples: ImageArray, size: tuple[int, int], rows: slice) -> FloatImage:
    """Resample as `resize`, but only these rows of the result."""
    width, height = size
    scale = samples.shape[0] / height
    reach = _SUPPORT * max(1, scale) + 1
    first = max(0, math.floor(rows.start * scale - reach))
    last = min(samples.shape[0], math.ceil(rows.stop * scale + reach))
    box = (0, rows.start * scale - first, samples.shape[1], min(rows.stop * scale, last) - first)
    seen = samples[first:last]
    planes = seen[..., None] if seen.ndim == 2 else seen
    resized = np.empty((rows.stop - rows.start, width, planes.shape[2]), np.float32)
    for channel in range(planes.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(to_float(planes[..., channel])))
        resized[..., channel] = plane.resize((width, len(resized)), Image.Resampling.LANCZOS, box)
    resized.clip(0, 1, out=resized)
    return resized[..., 0] if seen.ndim == 2 else resized
