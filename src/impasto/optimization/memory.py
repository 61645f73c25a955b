"""Memory of a device: how much is free, what a picture needs, and whether it ran out."""

from collections.abc import Collection

import torch

from impasto.networks.encoder import Encoder
from impasto.perceptual.tiles import largest_side
from impasto.settings import SMALLEST_TILE
from impasto.system import memory

BYTES_PER_VALUE = 10
"""Memory of an iteration for each value of the encoder's convolutions: 4 bytes for the value, and
copies for statistics and gradients (benchmarks/README.md)."""

OOM_MESSAGES = (
    "can't allocate memory",  # the CPU's allocator, on Linux and macOS
    "not enough memory",  # and on Windows
    "bad_alloc",  # C++
    "out of memory",  # Metal
    "alloc_failed",  # cuBLAS and cuDNN
)


def fitting_tile(
    encoder: Encoder, layers: Collection[str], size: tuple[int, int], device: torch.device
) -> int | None:
    """Choose the side of the largest tiles for an iteration at (height, width) that fit the memory.

    It is the smallest side allowed if none fits; None if the whole picture fits, or the free memory
    is unknown.
    """
    free = free_bytes(device)
    if free is None:
        return None
    affordable = memory.USABLE * free / (BYTES_PER_VALUE * encoder.values_per_pixel(layers))
    if size[0] * size[1] <= affordable:
        return None
    stride = max(encoder.stride(layer) for layer in layers)
    side = largest_side(affordable, stride=stride, reach=encoder.receptive_radius(layers))
    return max(side, SMALLEST_TILE)


def free_bytes(device: torch.device) -> int | None:
    """Measure the free memory of a device; None if it is unknown."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # PyTorch's reserve is free, too.
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return memory.free_bytes()


def is_out_of_memory(problem: BaseException) -> bool:
    """Tell whether an exception of PyTorch reports that memory ran out."""
    if isinstance(problem, (torch.OutOfMemoryError, MemoryError)):
        return True
    # Other allocators raise RuntimeError with different messages.
    words = str(problem).lower()
    return any(sign in words for sign in OOM_MESSAGES)
