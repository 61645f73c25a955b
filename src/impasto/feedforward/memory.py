"""Choose tiles that fit the free memory."""

from functools import cache

from impasto.models.spec import ModelSpec
from impasto.settings import SMALLEST_TILE
from impasto.system import memory

TILES = (1024, 768, 512, SMALLEST_TILE)
"""Sides of tiles in pixels, the default first. A painting depends slightly on its tiles. So there
are only a few sizes: a painting must not change with every megabyte of free memory."""

WHOLE = 2048
"""Largest side in pixels of a picture that is painted whole, if there is enough memory. That takes
less than half the time of tiles of 1024 with their reduced copy, and hardly more memory."""

_OUTPUT_BYTES = 12
"""Bytes for a pixel of the painting, three floats."""

_LARGEST_PART = 1.75**2
"""Largest number of pixels of the reduced copy, relative to a tile; see `tiles.THUMBNAIL`."""


def default_tile(size: tuple[int, int]) -> int:
    """Choose the side of the tiles for (height, width), if there is enough memory."""
    return WHOLE if TILES[0] < max(size) <= WHOLE else TILES[0]


def fitting_tile(size: tuple[int, int], spec: ModelSpec) -> int:
    """Choose the side of the largest tiles of (height, width) that fit the free memory.

    It is the default or one of `TILES`: the smallest if none fits, the default if the free memory
    is unknown. Within a process it is always the same for a size.
    """
    free, default = initial_free_memory(), default_tile(size)
    if free is None:
        return default
    usable = memory.USABLE * free
    fitting = (tile for tile in (default, *TILES) if _bytes_needed(size, tile, spec) <= usable)
    return next(fitting, TILES[-1])


@cache
def initial_free_memory() -> int | None:
    """Measure the free memory when the process first paints.

    Later, memory that ONNX Runtime keeps for the next painting would not count as free, and the
    same photo would be painted in smaller tiles.
    """
    return memory.free_bytes()


def _bytes_needed(size: tuple[int, int], tile: int, spec: ModelSpec) -> float:
    pixels = size[0] * size[1]
    network_pixels = min(pixels, _LARGEST_PART * tile**2)
    return _OUTPUT_BYTES * pixels + spec.bytes_per_pixel * network_pixels
