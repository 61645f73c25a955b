"""Masks: pictures that are white where something applies and grey where it fades.

Masks are float32 (H, W) in [0, 1].
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image.samples import FloatImage, ImageArray

Mask = NDArray[np.float32]


def from_pixels(pixels: NDArray[np.float32], alpha: Mask | None = None) -> Mask:
    """Convert a picture (H, W, 3) to a mask.

    The mask is the mean of the encoded red, green and blue, so that a gradient fades evenly.

    Args:
        alpha: (H, W) of the picture; the mask is 0 where it is fully transparent.
    """
    mask = np.asarray(pixels.mean(axis=2, dtype=np.float32))
    return mask if alpha is None else np.asarray(mask * (alpha > 0), np.float32)


def resize(mask: Mask, size: tuple[int, int]) -> Mask:
    """Resize a mask to (width, height) by a bilinear filter, widened when shrinking.

    Unlike the filter for pictures it does not ring, so pixels outside the mask stay 0.
    """
    resized = Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).clip(0, 1)


def both(mask: Mask | None, other: Mask | None) -> Mask | None:
    """Multiply two masks of one size; None stands for a mask of ones."""
    if mask is None or other is None:
        return other if mask is None else mask
    return np.asarray(mask * other, np.float32)


def crop(pixels: ImageArray, mask: Mask | None) -> ImageArray:
    """Crop a picture to the rectangle around a mask of any size.

    Args:
        pixels: (H, W, 3) or (H, W).
        mask: with a value above 0; None for all of the picture.
    """
    if mask is None:
        return pixels
    shown = resize(mask, (pixels.shape[1], pixels.shape[0])) > mask.max() / 2
    rows, columns = (np.flatnonzero(shown.any(axis)) for axis in (1, 0))
    if not rows.size:
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def normalize(masks: Sequence[Mask]) -> list[Mask]:
    """Scale masks of one size so that they sum to at most 1 where they overlap."""
    whole = np.maximum(np.sum(masks, axis=0, dtype=np.float32), np.float32(1))
    return [np.asarray(mask / whole, np.float32) for mask in masks]


def composite(base: FloatImage, masks: Sequence[Mask], parts: Iterable[FloatImage]) -> FloatImage:
    """Composite parts (H, W, 3) over the base by their masks.

    Args:
        masks: of that size, with a sum of at most 1.
        parts: one for each mask; each is requested only after the previous one is composited.
    """
    whole = uncovered(masks)[..., None] * base
    for mask, part in zip(masks, parts, strict=True):
        whole += mask[..., None] * part
    return whole


def uncovered(masks: Sequence[Mask]) -> Mask:
    """Compute the rest that masks with a sum of at most 1 leave."""
    return (1 - np.sum(masks, axis=0, dtype=np.float32)).clip(0, 1)
