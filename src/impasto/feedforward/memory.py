"""What painting in one pass needs of the memory, and into how large parts it therefore cuts."""

from functools import cache

from impasto.settings import SMALLEST_TILE
from impasto.system import memory

TILES = (1024, 768, 512, SMALLEST_TILE)
"""Sides of tiles in pixels, the usual one first. What a painting looks like depends a little on
its tiles. So they are never larger than this, whatever the memory; and there are only a few
sizes, so that a painting does not change with every megabyte that is free."""

WHOLE = 2048
"""Pictures with sides of at most this are painted whole, if the memory suffices: that takes less
than half the time, and hardly more memory than tiles of 1024 with their reduced copy."""

BYTES_PER_PIXEL = 250
"""What the network takes for every pixel that it is shown at once: measured were 100 to 235
(benchmarks/README.md), as ONNX Runtime rounds up to a power of two here and there."""

_CANVAS_BYTES = 12
"""What a pixel of the painting takes, three floats."""

_LARGEST_PART = 1.75**2
"""The pixels of the reduced copy that tiles share the statistics of, at most, relative to a
tile's; see `tiles.THUMBNAIL`."""


def usual_tile(size: tuple[int, int]) -> int:
    """The side of the tiles that (height, width) is painted in where memory is no matter."""
    return WHOLE if TILES[0] < max(size) <= WHOLE else TILES[0]


def fitting_tile(size: tuple[int, int]) -> int:
    """The side of the largest tiles with which painting (height, width) fits the free memory, of
    the usual one and `TILES`; the smallest of them where none does, the usual one where nobody
    knows what is free. In one process it is always the same for a size."""
    free, usual = _free_at_first(), usual_tile(size)
    if free is None:
        return usual
    usable = memory.USABLE * free
    fitting = (tile for tile in (usual, *TILES) if _bytes_needed(size, tile) <= usable)
    return next(fitting, TILES[-1])


@cache
def _free_at_first() -> int | None:
    """What is free when the process first paints. Later, what ONNX Runtime keeps for the next
    painting would be taken for used, and the same photo painted in smaller tiles."""
    return memory.free_bytes()


def _bytes_needed(size: tuple[int, int], tile: int) -> float:
    pixels = size[0] * size[1]
    shown = min(pixels, _LARGEST_PART * tile**2)
    return _CANVAS_BYTES * pixels + BYTES_PER_PIXEL * shown
