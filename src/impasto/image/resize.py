"""Sizes and resampling."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fit(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """The size of the same shape whose longer side is `long_side`, at least 1 pixel each way.

    Raises:
        ValueError: a side is below 1.
    """
    width, height = size
    if min(width, height, long_side) < 1:
        raise ValueError(f"cannot fit {width} x {height} into {long_side} pixels")
    longest = max(size)
    return max(1, round(width * long_side / longest)), max(1, round(height * long_side / longest))


def limit(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """As `fit`, but a smaller size stays as it is: nothing is ever enlarged."""
    return fit(size, min(long_side, max(size)))


def fit_least(size: tuple[int, int], long_side: int, least: int) -> tuple[int, int]:
    """As `fit`, but with a longer side where the shorter one would have less than `least`."""
    return fit(size, max(long_side, math.ceil(least * max(size) / min(size))))


def resize(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resample with a Lanczos filter (a = 3), widened when shrinking, so nothing aliases.

    Works channel by channel in float32, so no precision is lost to 8 bits on the way.

    Args:
        values: (H, W, C) pixels or (H, W) alpha, in [0, 1].
        size: (width, height) of the result.

    Returns:
        (height, width, C) or (height, width), clipped to [0, 1], as the filter overshoots.
    """
    if values.ndim == 2:
        channel = Image.fromarray(np.ascontiguousarray(values, np.float32))
        resized = np.asarray(channel.resize(size, Image.Resampling.LANCZOS), np.float32)
        return resized.clip(0, 1)
    channels = [resize(values[..., channel], size) for channel in range(values.shape[2])]
    return np.stack(channels, axis=2)
