"""Tiles: how a picture too large for the memory is cut up so that nobody can tell afterwards.

Tiles meet edge to edge, and around each the encoder is shown as much as its features there look
at. They begin at multiples of the encoder's coarsest stride, so that its pools take the same
pixels together as in the whole picture. So every feature of a tile's own part is the one that
the whole picture has there.
"""

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Span:
    """One axis of a tile, in pixels of the picture.

    Attributes:
        start, stop: its own part; the spans of a plan cover every pixel once.
        first, last: what is shown of the picture, its own part and the surroundings.
    """

    start: int
    stop: int
    first: int
    last: int


def plan(length: int, side: int | None, *, stride: int, reach: int) -> tuple[Span, ...]:
    """Divide an axis of a picture into spans of about equal length.

    Args:
        length: of the picture.
        side: what a tile's own part may be at most; None for a single tile.
        stride: where spans may start, at its multiples.
        reach: pixels that must be shown on either side.

    Raises:
        ValueError: the side is below the stride.
    """
    if side is None:
        return (Span(0, length, 0, length),)
    if side < stride:
        raise ValueError(f"a tile of {side} pixels is smaller than the stride, {stride}")
    cells = math.ceil(length / stride)
    count = math.ceil(cells / (side // stride))
    borders = [number * cells // count * stride for number in range(count)] + [length]
    around = overlap(stride, reach)
    return tuple(
        Span(start, stop, max(0, start - around), min(length, stop + around))
        for start, stop in pairwise(borders)
    )


def overlap(stride: int, reach: int) -> int:
    """Compute what is shown on either side of a tile: the reach, up to a whole stride."""
    return math.ceil(reach / stride) * stride


def largest_side(pixels: float, *, stride: int, reach: int) -> int:
    """Compute the side of the largest square tile that shows at most so many pixels.

    The surroundings count. The side is at least four times their width, or they would be most of
    the work.

    The surroundings count. The side is at least four times their width, or they would be most of
    the work.
    """
    around = overlap(stride, reach)
    side = math.isqrt(max(0, int(pixels))) - 2 * around
    return max(4 * around, side // stride * stride)
