"""Fingerprints of arrays: of the pictures of a run, and of the weights of a network."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike


def fingerprint(arrays: Iterable[ArrayLike]) -> str:
    """Hash arrays to 16 hexadecimal digits, which change with any value, type or shape.

    Checkpoints, reports and exported models all use it, so that their fingerprints can be compared.

    Args:
        arrays: in an order that is always the same; PyTorch's tensors must be on the CPU.
    """
    digest = hashlib.sha256()
    for values in arrays:
        array = np.ascontiguousarray(values)
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()[:16]
