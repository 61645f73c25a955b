"""Pixels in memory: 8 bits a channel if the source had no more, otherwise float32.

A photo of 100 megapixels takes 0.3 GB in 8 bits and 1.2 GB in float32. So large photos stay as they
were decoded. They become float32 when they are reduced, or a few rows at a time.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

ImageArray: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
"""Values from 0 to 255 if uint8, else from 0 to 1 as float32."""

FloatImage: TypeAlias = NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in lightness, ITU-R BT.601."""


def to_float(samples: ImageArray) -> FloatImage:
    """Convert to values in [0, 1]; floats are returned as they are, not copied."""
    if samples.dtype == np.uint8:
        floats: FloatImage = samples.astype(np.float32)
        floats /= np.float32(255)
        return floats
    return np.asarray(samples, np.float32)


def to_bytes(samples: ImageArray) -> NDArray[np.uint8]:
    """Convert to values from 0 to 255, clipped and rounded.

    Raises:
        ValueError: a value is not finite.
    """
    if samples.dtype == np.uint8:
        return np.asarray(samples, np.uint8)
    if not np.isfinite(samples).all():
        raise ValueError("the painting holds values that are not finite numbers")
    scaled = np.clip(samples, 0, 1) * 255
    return np.asarray(np.rint(scaled), np.uint8)


@dataclass(frozen=True, eq=False)
class ImageLike:
    """A picture with pixels.

    Attributes:
        samples: (H, W, 3), sRGB-encoded RGB: uint8, or float32 in [0, 1].
    """

    samples: ImageArray = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.samples.shape[:2]
        return width, height

    @property
    def pixels(self) -> FloatImage:
        """(H, W, 3) float32 in [0, 1]; converted from 8 bits at every call."""
        return to_float(self.samples)
