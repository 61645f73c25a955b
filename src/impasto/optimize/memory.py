"""Memory that ran out, recognised whichever device it was."""

import torch

SIGNS = (
    "can't allocate memory",  # the CPU's allocator, on Linux and macOS
    "not enough memory",  # and on Windows
    "bad_alloc",  # C++
    "out of memory",  # Metal
    "alloc_failed",  # cuBLAS and cuDNN
)


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception of PyTorch says that there was not enough memory."""
    if isinstance(problem, (torch.OutOfMemoryError, MemoryError)):
        return True
    # The other allocators raise a plain RuntimeError, in words of their own.
    words = str(problem).lower()
    return any(sign in words for sign in SIGNS)
