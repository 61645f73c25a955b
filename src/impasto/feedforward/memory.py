"""How large the tiles may be that fit the free memory."""

from functools import cache

from impasto.models.spec import ModelSpec
from impasto.settings import SMALLEST_TILE
from impasto.system import memory

TILES = (1024, 768, 512, SMALLEST_TILE)
"""Sides of tiles in pixels, the default first. A painting depends a little on its tiles. So they
are never larger, whatever the memory; and there are only a few sizes, so that a painting does not
change with every megabyte that is free."""

WHOLE = 2048
"""Pictures with sides of at most this are painted whole, if the memory suffices: that takes less
than half the time, and hardly more memory than tiles of 1024 with their reduced copy."""

_OUTPUT_BYTES = 12
"""Memory for a pixel of the painting, three floats."""

_LARGEST_PART = 1.75**2
"""The pixels of the reduced copy that tiles share the statistics of, at most, relative to a
tile's; see `tiles.THUMBNAIL`."""


def default_tile(size: tuple[int, int]) -> int:
    """Choose the side of the tiles for (height, width) where there is memory enough."""
    return WHOLE if TILES[0] < max(size) <= WHOLE else TILES[0]


def fitting_tile(size: tuple[int, int], spec: ModelSpec) -> int:
    """Choose the side of the largest tiles with which painting (height, width) fits the memory.

    It is the default one or one of `TILES`; the smallest where none fits, the default where the
    free memory is not known. In one process it is always the same for a size.
    """
    free, default = initial_free_memory(), default_tile(size)
    if free is None:
        return default
    usable = memory.USABLE * free
    fitting = (tile for tile in (default, *TILES) if _bytes_needed(size, tile, spec) <= usable)
    return next(fitting, TILES[-1])


@cache
def initial_free_memory() -> int | None:
    """Measure what is free when the process first paints.

    Later, what ONNX Runtime keeps for the next painting would be taken for used, and the same
    photo painted in smaller tiles.
    """
    return memory.free_bytes()


def _bytes_needed(size: tuple[int, int], tile: int, spec: ModelSpec) -> float:
    pixels = size[0] * size[1]
    network_pixels = min(pixels, _LARGEST_PART * tile**2)
    return _OUTPUT_BYTES * pixels + spec.bytes_per_pixel * network_pixels
