"""Split pictures that do not fit in memory into tiles with exact features.

Tiles meet edge to edge, and the encoder gets each with surroundings as large as the receptive
field. They start at multiples of the coarsest stride, so that pools combine the same pixels as in
the whole picture. So the features of a tile equal those of the whole picture.
"""

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Span:
    """One axis of a tile, in pixels of the picture.

    Attributes:
        start, stop: of the tile; the spans of a plan cover every pixel once.
        first, last: of the tile with its surroundings.
    """

    start: int
    stop: int
    first: int
    last: int


def plan(length: int, side: int | None, *, stride: int, reach: int) -> tuple[Span, ...]:
    """Divide an axis of a picture into spans of about equal length.

    Args:
        length: of the picture.
        side: largest side of a tile without its surroundings; None for a single tile.
        stride: spans start at its multiples.
        reach: pixels of surroundings on either side.

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
    """Compute the surroundings on either side of a tile: the reach, rounded up to the stride."""
    return math.ceil(reach / stride) * stride


def largest_side(pixels: float, *, stride: int, reach: int) -> int:
    """Compute the side of the largest square tile of so many pixels, with its surroundings.

    It is at least four times the width of the surroundings, which would otherwise be most of the
    work.
    """
    around = overlap(stride, reach)
    side = math.isqrt(max(0, int(pixels))) - 2 * around
    return max(4 * around, side // stride * stride)
