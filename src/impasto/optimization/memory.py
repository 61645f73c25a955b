"""Memory: how much a device has, what a picture needs there, and whether it ran out."""

from collections.abc import Collection

import torch

from impasto.networks.encoder import Encoder
from impasto.perceptual.tiles import largest_side
from impasto.settings import SMALLEST_TILE
from impasto.system import memory

BYTES_PER_VALUE = 10
"""What an iteration takes for every value that the encoder's convolutions give. Each is kept in
4 bytes; copies for the style's statistics and gradients come on top (benchmarks/README.md)."""

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
    """Choose the side of the largest tiles that fit the free memory.

    An iteration at (height, width) is meant; the smallest that can be asked for where none fits;
    None where the whole picture does, or the free memory is not known.
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
    """Measure the memory that can be had on a device; None where the system does not tell."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What PyTorch holds in reserve is free, too.
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return memory.free_bytes()


def is_out_of_memory(problem: BaseException) -> bool:
    """Tell whether an exception of PyTorch says that there was not enough memory."""
    if isinstance(problem, (torch.OutOfMemoryError, MemoryError)):
        return True
    # The other allocators raise a plain RuntimeError, in words of their own.
    words = str(problem).lower()
    return any(sign in words for sign in OOM_MESSAGES)
