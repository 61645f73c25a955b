"""Enlarging a painting with the photo as guide."""

import numpy as np
from numpy.typing import NDArray

from impasto.image.resize import resize

RADIUS = 2
"""Pixels of the small painting around each of its pixels in which it is compared to the photo."""

_NOISE_VARIANCE = 4e-4
"""A standard deviation of 0.02: lightness that varies less guides nothing."""

_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue in the lightness of the photo, ITU-R BT.601."""

Pixels = NDArray[np.float32]


def enlarge(painted: Pixels, photo: Pixels) -> Pixels:
    """The painting at the photo's size, as sharp as the photo along its edges.

    Enlarging blurs. What blurring takes from the photo's lightness g is therefore added again,
    as strongly as the painting follows the photo near that place:

        up(painted) + up(a) (g - up(down(g))),  a = cov(down(g), painted) / (var(down(g)) + noise)

    with covariance and variance in small windows: the slope of the guided filter (He, Sun, Tang
    2013, "Guided Image Filtering", eq. 5; at reduced size as in He, Sun 2015, arXiv 1505.00996).
    Brush strokes that are not in the photo have no slope, and are enlarged as they are.

    Args:
        painted: (h, w, 3) in [0, 1].
        photo: (H, W, 3) in [0, 1], of the same shape and at least that size.

    Returns:
        (H, W, 3) in [0, 1].
    """
    height, width = photo.shape[:2]
    guide = np.asarray(photo @ _WEIGHTS)
    small = resize(guide, (painted.shape[1], painted.shape[0]))
    detail = guide - resize(small, (width, height))
    mean = _mean(small)
    variance = np.maximum(_mean(small * small) - mean * mean, 0) + _NOISE_VARIANCE
    finished = np.empty_like(photo)
    for channel in range(3):
        plane = painted[..., channel]
        slope = (_mean(small * plane) - mean * _mean(plane)) / variance
        # Few slopes lie outside [-2, 2]; `resize` keeps to [0, 1].
        share = np.asarray((slope.clip(-2, 2) + 2) / 4, np.float32)
        slopes = 4 * resize(share, (width, height)) - 2
        finished[..., channel] = resize(plane, (width, height)) + slopes * detail
    return finished.clip(0, 1, out=finished)


def _mean(values: Pixels) -> Pixels:
    """The mean of the window of `RADIUS` around each pixel of (h, w), mirrored at the border."""
    side = 2 * RADIUS + 1
    padded = np.pad(values, RADIUS, mode="reflect")
    rows = np.lib.stride_tricks.sliding_window_view(padded, side, 0).mean(-1, dtype=np.float32)
    means = np.lib.stride_tricks.sliding_window_view(rows, side, 1).mean(-1, dtype=np.float32)
    return np.asarray(means)
