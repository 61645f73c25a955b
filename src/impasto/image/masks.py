"""Masks as users give them: pictures, white where something applies, greys where it fades.

Masks are float32 (H, W) in [0, 1].
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image.samples import Pixels

Mask = NDArray[np.float32]


def from_pixels(pixels: NDArray[np.float32], alpha: Mask | None = None) -> Mask:
    """The mask that a picture (H, W, 3) shows: the mean of red, green and blue as encoded, so
    that a ramp drawn by hand fades evenly.

    Args:
        alpha: (H, W) of the picture. Where it is fully transparent, and its colours are seen by
            nobody, nothing is covered; elsewhere it does not count.
    """
    mask = np.asarray(pixels.mean(axis=2, dtype=np.float32))
    return mask if alpha is None else np.asarray(mask * (alpha > 0), np.float32)


def resize(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask at (width, height): bilinear, widened when shrinking.

    Unlike the filter for pictures it does not ring, so nothing outside the mask lights up.
    """
    resized = Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).clip(0, 1)


def shared(masks: Sequence[Mask]) -> list[Mask]:
    """Masks of one size that sum to at most 1: where they overlap, each gets its part."""
    whole = np.maximum(np.sum(masks, axis=0, dtype=np.float32), np.float32(1))
    return [np.asarray(mask / whole, np.float32) for mask in masks]


def composed(base: Pixels, masks: Sequence[Mask], parts: Iterable[Pixels]) -> Pixels:
    """Each part (H, W, 3) where its mask is, and the base where the masks leave something over.

    Args:
        masks: of that size, with a sum of at most 1.
        parts: one for each mask; each is asked for only when the one before has its place.
    """
    whole = rest(masks)[..., None] * base
    for mask, part in zip(masks, parts, strict=True):
        whole += mask[..., None] * part
    return whole


def rest(masks: Sequence[Mask]) -> Mask:
    """What masks that sum to at most 1 leave over."""
    return (1 - np.sum(masks, axis=0, dtype=np.float32)).clip(0, 1)
