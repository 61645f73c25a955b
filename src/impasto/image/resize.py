"""Sizes and resampling."""

import math
from collections import deque
from collections.abc import Callable

import numpy as np
from PIL import Image

from impasto.image.samples import FloatImage, ImageArray, to_float
from impasto.system import cores

BAND = 1 << 19
"""Pixels that a thread resamples at a time, to save memory."""

THREADS = 4
"""Most threads that resample: more would need much memory."""

_SUPPORT = 3
"""Radius of the filter, in pixels of the coarser of the two grids."""


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
    """Compute the size as `fit`, but never enlarge."""
    return fit(size, min(long_side, max(size)))


def fit_min_side(size: tuple[int, int], long_side: int, min_side: int) -> tuple[int, int]:
    """Compute the size as `fit`, but keep the shorter side at `least` or above."""
    return fit(size, max(long_side, math.ceil(min_side * max(size) / min(size))))


def resize(samples: ImageArray, size: tuple[int, int]) -> FloatImage:
    """Resample with a Lanczos filter (a = 3), widened when shrinking, so nothing aliases.

    It works in float32, so no precision is lost to 8 bits, and on a few rows at a time, so it needs
    little memory besides the result.

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

    def fill(band: slice) -> None:
        rows = slice(band.start * height // most, band.stop * height // most)
        if rows.stop > rows.start:
            resized[rows] = resize_rows(samples, size, rows)

    in_bands(most, max(width, samples.shape[1]), fill)
    return resized


def resize_rows(
    samples: ImageArray,
    size: tuple[int, int],
    rows: slice,
    kernel: Image.Resampling = Image.Resampling.LANCZOS,
) -> FloatImage:
    """Resample as `resize`, but only these rows of the result, and by another filter if asked."""
    width, height = size
    scale = samples.shape[0] / height
    reach = _SUPPORT * max(1, scale) + 1
    first = max(0, math.floor(rows.start * scale - reach))
    last = min(samples.shape[0], math.ceil(rows.stop * scale + reach))
    box = (0, rows.start * scale - first, samples.shape[1], min(rows.stop * scale, last) - first)
    samples = samples[first:last]
    planes = samples[..., None] if samples.ndim == 2 else samples
    resized = np.empty((rows.stop - rows.start, width, planes.shape[2]), np.float32)
    for channel in range(planes.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(to_float(planes[..., channel])))
        resized[..., channel] = plane.resize((width, len(resized)), kernel, box)
    resized.clip(0, 1, out=resized)
    return resized[..., 0] if samples.ndim == 2 else resized


def in_bands(height: int, width: int, work: Callable[[slice], None]) -> None:
    """Call `work` with the rows of a picture, in parts of about `BAND` pixels, in up to `THREADS`
    threads.

    NumPy and Pillow release Python's lock while they compute.
    """
    rows = max(1, BAND // width)
    bands = [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
    # For less than three bands, threads save nothing that is felt.
    threads = min(cores.threads(), len(bands), THREADS) if len(bands) > 2 else 1
    if threads == 1:
        for band in bands:
            work(band)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        deque(pool.map(work, bands), maxlen=0)  # raises what the work raised
