"""Painting a picture in parts, none of which shows.

What a part looks like depends on the statistics by which it is normalised; all parts share those
of a reduced copy of the picture (Chen et al. 2022, "Towards Ultra-Resolution Neural Style Transfer
via Thumbnail Instance Normalization", arXiv 2103.11784). A copy lacks fine texture, so what the
encoder sees in it is a quarter off; those statistics, which the network's first normalisations
level out and which say how it is to paint, are taken from the picture itself, part by part, which
is cheap.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from impasto.feedforward.encoder import SMALLEST, STRIDE
from impasto.image.resize import fit_least, resize
from impasto.image.samples import Pixels, Samples

THUMBNAIL = 1792
"""Long side of the reduced copy in pixels, or 1.75 times a tile's, if that is less."""

SPOILED = 32
"""Pixels along a part's inner border that are not used: the network saw a border near them."""

BLENDED = 64
"""Pixels over which a part fades into the next."""

OVERLAP = 2 * SPOILED + BLENDED


class Painter(Protocol):
    """Paints a part of a picture; see `stylizer.Brush`."""

    def paint(self, part: Samples, given: Pixels | None = None) -> tuple[Pixels, Pixels]:
        """(3, h, w) of (h, w, 3), and its statistics (2, channels)."""

    def survey(self, part: Samples) -> Pixels:
        """The first of these statistics, (2, fewer channels)."""


class Span(NamedTuple):
    """Where a part lies along an axis, and what it weighs at each of its pixels."""

    start: int
    stop: int
    weights: Pixels


def paint(photo: Samples, brush: Painter, tile: int) -> Pixels:
    """The photo painted in parts of at most `tile` pixels a side.

    Args:
        photo: (H, W, 3).
        tile: at least twice `OVERLAP`.

    Returns:
        (H, W, 3) in [0, 1].
    """
    height, width = photo.shape[:2]
    parts = [(r, c) for r in spans(height, tile) for c in spans(width, tile)]
    statistics = _statistics(photo, brush, tile)
    painted = np.zeros(photo.shape, np.float32)
    for rows, columns in parts:
        part, _ = brush.paint(
            photo[rows.start : rows.stop, columns.start : columns.stop], statistics
        )
        part *= rows.weights[:, None]
        part *= columns.weights
        target = painted[rows.start : rows.stop, columns.start : columns.stop]
        for channel, plane in enumerate(part):
            target[..., channel] += plane
    return painted


def spans(length: int, tile: int) -> list[Span]:
    """As few parts of at most about `tile` pixels as cover an axis, none larger than it need be.

    Everywhere their weights sum to 1. They start at multiples of `STRIDE`: features of the whole
    picture lie on that grid.
    """
    if length <= tile:
        return [Span(0, length, np.ones(length, np.float32))]
    count = -(-(length - OVERLAP) // (tile - OVERLAP))
    least = -(-(length + (count - 1) * OVERLAP) // count)
    side = min(tile, least + 2 * STRIDE)  # for the steps of the grid
    starts = [k * (length - side) // (count - 1) // STRIDE * STRIDE for k in range(count)]
    stops = [*(start + side for start in starts[:-1]), length]
    weights = np.zeros((count, length), np.float32)
    for k, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        weights[k, start:stop] = _fading(stop - start, k > 0, k < count - 1)
    weights /= weights.sum(0)
    return [
        Span(start, stop, weights[k, start:stop])
        for k, (start, stop) in enumerate(zip(starts, stops, strict=True))
    ]


def merged(found: Sequence[Pixels], areas: Sequence[int]) -> Pixels:
    """The statistics of a whole from those of its parts: (2, channels), means and variances."""
    stacked = np.stack(found).astype(np.float64)
    means, variances = stacked[:, 0], stacked[:, 1]
    mean = np.average(means, axis=0, weights=areas)
    square = np.average(variances + means**2, axis=0, weights=areas)
    return np.stack([mean, square - mean**2]).astype(np.float32)


def _statistics(photo: Samples, brush: Painter, tile: int) -> Pixels:
    height, width = photo.shape[:2]
    side = min(THUMBNAIL, 7 * tile // 4, max(width, height))
    _, statistics = brush.paint(resize(photo, fit_least((width, height), side, SMALLEST)))
    found, areas = [], []
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            part = photo[top : top + tile, left : left + tile]
            if min(part.shape[:2]) >= SMALLEST:  # a narrow rest is not counted
                found.append(brush.survey(part))
                areas.append(part.shape[0] * part.shape[1])
    exact = merged(found, areas)
    statistics[:, : exact.shape[1]] = exact
    return statistics


def _fading(length: int, before: bool, after: bool) -> Pixels:
    """1, falling to 0 towards the ends where there is a part before or after."""
    inside = np.arange(length) - SPOILED + 0.5
    weights = np.ones(length, np.float32)
    if before:
        weights = np.minimum(weights, inside / BLENDED)
    if after:
        weights = np.minimum(weights, inside[::-1] / BLENDED)
    return np.asarray(weights.clip(0, 1), np.float32)
