"""Enlarge a painting with the photo as a guide."""

import numpy as np
from PIL import Image

from impasto.image.resize import in_bands, resize_rows
from impasto.image.samples import LUMA, FloatImage, ImageArray, to_bytes, to_float

RADIUS = 2
"""Radius in pixels of the window in which the small painting is compared with the photo."""

_NOISE_VARIANCE = 4e-4
"""A standard deviation of 0.02: smaller variations of lightness have no effect."""

_LARGEST_SLOPE = 2


def guided_upsample(
    painted: FloatImage, reduced: FloatImage, photo: ImageArray, *, opacity: float = 1.0
) -> ImageArray:
    """Enlarge a painting to the photo's size, as sharp as the photo along its edges.

    Enlarging blurs. So the detail that the photo's lightness g loses is added, in proportion to how
    much the painting follows the photo there:

        up(painted) + up(a) (g - up(down(g))),  a = cov(down(g), painted) / (var(down(g)) + noise)

    with covariance and variance in small windows: the slope of the guided filter (He, Sun, Tang
    2013, "Guided Image Filtering", eq. 5; at reduced size as in He, Sun 2015, arXiv 1505.00996).
    Brush strokes that are not in the photo have slope 0 and are enlarged without detail.

    Args:
        painted: (h, w, 3) in [0, 1].
        reduced: the photo at that size.
        photo: (H, W, 3), of the same aspect ratio and at least that size.
        opacity: of the enlarged painting, laid over the photo.

    Returns:
        (H, W, 3), of the photo's type.
    """
    height, width = photo.shape[:2]
    small = np.asarray(reduced @ LUMA)
    shares = _shares(painted, small)
    finished = np.empty_like(photo)

    def fill(rows: slice) -> None:
        pixels = to_float(photo[rows])
        guide = pixels @ LUMA
        detail = guide - resize_rows(small, (width, height), rows)
        # The window has smoothed the slopes, so the cheapest filter enlarges them well.
        slopes = resize_rows(shares, (width, height), rows, Image.Resampling.BILINEAR)
        slopes *= 2 * _LARGEST_SLOPE
        slopes -= _LARGEST_SLOPE
        slopes *= detail[..., None]
        slopes += resize_rows(painted, (width, height), rows)
        if opacity < 1:
            slopes = pixels + np.float32(opacity) * (slopes - pixels)
        slopes.clip(0, 1, out=slopes)
        finished[rows] = to_bytes(slopes) if photo.dtype == np.uint8 else slopes

    in_bands(height, width, fill)
    return finished


def _shares(painted: FloatImage, guide: FloatImage) -> FloatImage:
    """Compute the slopes of the painting's channels over the guide, (h, w, 3).

    They are given as shares of their range, as `resize_rows` clips to [0, 1]. Few slopes lie
    outside the range.
    """
    mean = _mean(guide)
    variance = np.maximum(_mean(guide * guide) - mean * mean, 0) + _NOISE_VARIANCE
    shares = np.empty_like(painted)
    for channel in range(3):
        plane = painted[..., channel]
        slope = (_mean(guide * plane) - mean * _mean(plane)) / variance
        shares[..., channel] = (slope / _LARGEST_SLOPE).clip(-1, 1) / 2 + 0.5
    return shares


def _mean(values: FloatImage) -> FloatImage:
    """Average a window of `RADIUS` around each pixel of (h, w), reflected at the border."""
    side = 2 * RADIUS + 1
    padded = np.pad(values, RADIUS, mode="reflect")
    height, width = values.shape
    rows = padded[:height].copy()
    for k in range(1, side):
        rows += padded[k : k + height]
    sums = rows[:, :width].copy()
    for k in range(1, side):
        sums += rows[:, k : k + width]
    return np.asarray(sums / np.float32(side * side))
