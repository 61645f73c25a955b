"""Paint in tiles without visible seams.

The result depends on the statistics by which features are normalised. So all tiles share those of a
reduced copy of the photo (Chen et al. 2022, "Towards Ultra-Resolution Neural Style Transfer via
Thumbnail Instance Normalization", arXiv 2103.11784). The copy lacks fine texture: the statistics of
the first normalisations, which are those of the photo's features, differ by a quarter. They are
therefore measured on the photo itself, tile by tile, which is cheap.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from impasto.feedforward.model import StyledModel
from impasto.image.resize import fit_min_side, resize
from impasto.image.samples import FloatImage, ImageArray
from impasto.models.spec import ModelSpec

THUMBNAIL = 1792
"""Long side of the reduced copy in pixels; 1.75 times a tile's, if that is less."""

FADE = 64
"""Pixels over which a tile fades into the next."""


class Span(NamedTuple):
    """The place of a tile along an axis, and its weight at each of its pixels."""

    start: int
    stop: int
    weights: FloatImage


def paint(
    photo: ImageArray, model: StyledModel, tile: int, statistics: FloatImage | None = None
) -> tuple[FloatImage, FloatImage]:
    """Paint a photo in tiles.

    Args:
        photo: (H, W, 3).
        tile: largest side of a tile in pixels, at least twice `overlap`.
        statistics: (2, C), by which to normalise; None for those of the photo.

    Returns:
        (H, W, 3) in [0, 1], and the statistics by which it was painted.
    """
    height, width = photo.shape[:2]
    if statistics is None:
        statistics = measure(photo, model, tile)
    painted = np.zeros(photo.shape, np.float32)
    columns = spans(width, tile, model.spec)
    for row in spans(height, tile, model.spec):
        for column in columns:
            place = slice(row.start, row.stop), slice(column.start, column.stop)
            part, _ = model.paint(photo[place], statistics)
            part *= row.weights[:, None]
            part *= column.weights
            target = painted[place]
            for channel, plane in enumerate(part):
                target[..., channel] += plane
    return painted, statistics


def overlap(spec: ModelSpec) -> int:
    """Compute the overlap of two tiles in pixels: the halo of each, and the fade."""
    return 2 * spec.halo + FADE


def spans(length: int, tile: int, spec: ModelSpec) -> list[Span]:
    """Divide an axis into as few tiles of at most about `tile` pixels as possible.

    Their weights sum to 1 everywhere. They start at multiples of the stride, like the features of
    the whole picture.
    """
    if length <= tile:
        return [Span(0, length, np.ones(length, np.float32))]
    common, stride = overlap(spec), spec.stride
    count = -(-(length - common) // (tile - common))
    shortest = -(-(length + (count - 1) * common) // count)
    side = min(tile, shortest + 2 * stride)  # starts are rounded to the grid
    starts = [k * (length - side) // (count - 1) // stride * stride for k in range(count)]
    stops = [*(start + side for start in starts[:-1]), length]
    weights = np.zeros((count, length), np.float32)
    for k, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        weights[k, start:stop] = _fade(stop - start, spec.halo, k > 0, k < count - 1)
    weights /= weights.sum(0)
    return [
        Span(start, stop, weights[k, start:stop])
        for k, (start, stop) in enumerate(zip(starts, stops, strict=True))
    ]


def measure(photo: ImageArray, model: StyledModel, tile: int) -> FloatImage:
    """Measure the statistics, (2, C), that all tiles of a photo share."""
    height, width = photo.shape[:2]
    min_side = model.spec.min_side
    side = min(THUMBNAIL, 7 * tile // 4, max(width, height))
    _, statistics = model.paint(resize(photo, fit_min_side((width, height), side, min_side)))
    measured, areas = [], []
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            part = photo[top : top + tile, left : left + tile]
            if min(part.shape[:2]) < min_side:  # a narrow rest is skipped
                continue
            if (content := model.content_statistics(part)) is None:
                return statistics
            measured.append(content)
            areas.append(part.shape[0] * part.shape[1])
    exact = pool_statistics(measured, areas)
    statistics[:, : exact.shape[1]] = exact
    return statistics


def pool_statistics(parts: Sequence[FloatImage], areas: Sequence[int]) -> FloatImage:
    """Pool the means and variances of parts, (2, C) each, to those of the whole."""
    stacked = np.stack(parts).astype(np.float64)
    means, variances = stacked[:, 0], stacked[:, 1]
    mean = np.average(means, axis=0, weights=areas)
    square = np.average(variances + means**2, axis=0, weights=areas)
    return np.stack([mean, square - mean**2]).astype(np.float32)


def _fade(length: int, halo: int, before: bool, after: bool) -> FloatImage:
    """Compute weights that fade to 0 towards the tile before and the tile after."""
    inside = np.arange(length) - halo + 0.5
    weights = np.ones(length, np.float32)
    if before:
        weights = np.minimum(weights, inside / FADE)
    if after:
        weights = np.minimum(weights, inside[::-1] / FADE)
    return np.asarray(weights.clip(0, 1), np.float32)
