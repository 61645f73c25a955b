"""Memory that ran out, recognised whichever device it was."""

import torch


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception of PyTorch says that there was not enough memory."""
    if isinstance(problem, (torch.OutOfMemoryError, MemoryError)):
        return True
    # The CPU's and Metal's allocators raise a plain RuntimeError.
    words = str(problem).lower()
    return "can't allocate memory" in words or "out of memory" in words
