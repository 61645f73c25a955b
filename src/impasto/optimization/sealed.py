"""Store nested values with tensors as one safetensors file that detects damage.

The metadata hold the values as JSON, in which numbers stand for tensors, and the SHA-256 of this
text and of all tensors: safetensors does not detect a flipped bit.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

_NAME = "impasto checkpoint"
FORMAT = f"{_NAME} 4"


class DamagedError(Exception):
    """Raised for a file that is damaged or cut short."""


class OtherVersionError(Exception):
    """Raised for a file of another version of impasto."""


def pack(values: Any) -> bytes:
    """Encode None, booleans, numbers, texts and tensors, and lists, tuples and dicts of them."""
    tensors: list[Tensor] = []
    return seal(json.dumps(_plain(values, tensors)), tensors)


def seal(state: str, tensors: Sequence[Tensor]) -> bytes:
    """Encode a text and the tensors to which it refers."""
    named = {str(number): tensor for number, tensor in enumerate(tensors)}
    metadata = {"format": FORMAT, "sha256": _digest(state, named), "state": state}
    content: bytes = safetensors.torch.save(named, metadata)
    return content


def unpack(content: bytes) -> Any:
    """Decode the values of `pack`, with tensors on the CPU; nothing is executed.

    Raises:
        DamagedError: the content is damaged or cut short.
        OtherVersionError: another version wrote it.
        Exception: any error, for any other content.
    """
    length = int.from_bytes(content[:8], "little")
    begun = b'"__metadata__"' in content[8:64]
    try:
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        tensors = safetensors.torch.load(content)
    except Exception as problem:
        raise (DamagedError if begun else ValueError)("cannot be read") from problem
    if (format := metadata.get("format", "")) != FORMAT:
        raise (OtherVersionError if format.startswith(_NAME) else ValueError)("another format")
    if metadata["sha256"] != _digest(metadata["state"], tensors):
        raise DamagedError("SHA-256 differs")
    return _restored(json.loads(metadata["state"]), tensors)


def _digest(state: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(state.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _plain(values: Any, tensors: list[Tensor]) -> Any:
    """Replace tensors by numbers, and dicts by pairs, as JSON allows only texts as keys."""
    if isinstance(values, Tensor):
        tensors.append(values.detach().cpu().clone(memory_format=torch.contiguous_format))
        return {"tensor": len(tensors) - 1}
    if isinstance(values, dict):
        return {"dict": [[key, _plain(value, tensors)] for key, value in values.items()]}
    if isinstance(values, tuple):
        return {"tuple": [_plain(value, tensors) for value in values]}
    if isinstance(values, list):
        return [_plain(value, tensors) for value in values]
    return values


def _restored(values: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Put the tensors back."""
    if isinstance(values, list):
        return [_restored(value, tensors) for value in values]
    if isinstance(values, dict):
        if "tensor" in values:
            return tensors[str(values["tensor"])]
        if "tuple" in values:
            return tuple(_restored(value, tensors) for value in values["tuple"])
        return {key: _restored(value, tensors) for key, value in values["dict"]}
    return values
