"""Read weights from untrusted files without executing anything in them.

PyTorch is imported only when weights are read, so that listing and downloading files is fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import InputError, WeightsError
from impasto.system.paths import display_path, printable

if TYPE_CHECKING:
    from torch import Tensor, nn

SCALE = ".scale"
"""Suffix of the names of the scales of 8-bit entries."""

_LARGEST_LIST = 1 << 18
"""Bytes of names and shapes in a file of weights; VGG-19 has a few thousand. Every entry becomes a
tensor, so reading a file with very many takes minutes."""


def load(path: Path) -> dict[str, Tensor]:
    """Read the tensors in a `.pth`, `.pt` or `.safetensors` file, by name, onto the CPU.

    Nothing in the file is executed. All values are finite floating-point numbers. Entries of
    8-bit integers are multiplied by their scales, see `expanded`.

    Raises:
        InputError: the path names no file, or a file of another kind.
        WeightsError: the file is truncated, damaged, or does not hold plain weights.
    """
    name = display_path(path)
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "no such file"
        raise InputError(f"{name}: {what}")
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{name}: weights come in {', '.join(_READERS)} files")
    try:
        weights: dict[str, Tensor] = expanded(read(path))
    except WeightsError:
        raise
    # A damaged pickle can raise nearly any error.
    except Exception as problem:
        raise WeightsError(
            f"{name}: not readable as weights: truncated, damaged, or with Python objects, which "
            "are refused because they can run code"
        ) from problem
    _check_values(weights, name)
    return weights


def load_into(network: nn.Module, path: Path) -> None:
    """Load the weights in the file `path` into `network`.

    Entries that the network does not have, such as a classifier's, are ignored.

    Raises:
        InputError, WeightsError: as `load`.
        WeightsError: an entry is missing or of another shape; the network is unchanged.
    """
    weights = load(path)
    name = display_path(path)
    state = network.state_dict()
    missing = [key for key in state if key not in weights]
    if missing:
        raise WeightsError(
            f"{name}: weights of another network: {len(missing)} of {len(state)} entries are "
            f"missing, the first is {missing[0]}"
        )
    for key, tensor in state.items():
        if weights[key].shape != tensor.shape:
            raise WeightsError(
                f"{name}: weights of another network: {key} has shape "
                f"{tuple(weights[key].shape)} instead of {tuple(tensor.shape)}"
            )
    network.load_state_dict({key: weights[key] for key in state})


def quantized(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a kernel to 8 bits, with one scale for each output channel.

    Each channel's scale is the one of nine, from its largest weight down, that leaves the
    smallest squared error.

    Args:
        weight: (C, ...).

    Returns:
        (C, ...) int8, and (C,) float32: their product is close to the weight.
    """
    import torch

    rows = weight.float().flatten(1)
    largest = rows.abs().amax(1).clamp_min(1e-12)
    candidates = [largest * factor / 127 for factor in torch.linspace(1, 0.6, 9).tolist()]
    rounded = [(rows / s[:, None]).round().clamp(-127, 127) for s in candidates]
    pairs = zip(rounded, candidates, strict=True)
    errors = [(r * s[:, None] - rows).square().sum(1) for r, s in pairs]
    best = torch.stack(errors).argmin(0)
    channels = torch.arange(len(rows))
    values = torch.stack(rounded)[best, channels].to(torch.int8)
    return values.view(weight.shape), torch.stack(candidates)[best, channels]


def expanded(weights: Any) -> Any:
    """Multiply entries of 8-bit integers by their scales.

    An entry `name` of type int8 and shape (C, ...) has its scales, (C,), in the entry
    `name.scale`, which is left out of the result. What does not fit stays as it is.
    """
    import torch

    if not isinstance(weights, dict):
        return weights
    result = dict(weights)
    for name, values in weights.items():
        scale = weights.get(f"{name}{SCALE}")
        if not (isinstance(values, torch.Tensor) and isinstance(scale, torch.Tensor)):
            continue
        if values.dtype == torch.int8 and values.dim() and scale.shape == values.shape[:1]:
            factors = scale.float().view(-1, *[1] * (values.dim() - 1))
            result[name] = values.float() * factors
            del result[f"{name}{SCALE}"]
    return result


def is_plain_float(value: object) -> bool:
    """Tell whether this is a tensor of floats with all its values in memory.

    A tensor on the device `meta` has no values, and one with a stride of 0 can have any shape with
    a single value: a small file could fill the memory.
    """
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
        and value.device.type == "cpu"
        and 0 < value.numel() * value.element_size() <= value.untyped_storage().nbytes()
    )


def _read_pickle(path: Path) -> Any:
    import torch

    _check_list(path, _pickled_bytes(path))
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_safetensors(path: Path) -> Any:
    from safetensors.torch import load_file

    with path.open("rb") as file:
        claimed = int.from_bytes(file.read(8), "little")
    if claimed < path.stat().st_size:  # otherwise `load_file` refuses it
        _check_list(path, claimed)
    return load_file(path)


def _pickled_bytes(path: Path) -> int:
    """Measure the pickle in a PyTorch file, without the values.

    It is 0 for a file from before PyTorch 1.6, which is one pickle and not an archive.
    """
    import zipfile

    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as archive:
        return sum(e.file_size for e in archive.infolist() if e.filename.endswith("/data.pkl"))


def _check_list(path: Path, size: int) -> None:
    """Check that the list of entries of a file is not larger than an encoder's."""
    if size > _LARGEST_LIST:
        raise WeightsError(
            f"{display_path(path)}: damaged, or weights of another network: the list of its "
            f"entries alone would be {size / 1e6:,.1f} MB"
        )


_READERS = {".pth": _read_pickle, ".pt": _read_pickle, ".safetensors": _read_safetensors}


def _check_values(weights: Any, name: str) -> None:
    """Check that `weights` are named, plain, finite floating-point tensors."""
    if not isinstance(weights, dict) or not weights:
        raise WeightsError(f"{name}: holds no named weights")
    for key, tensor in weights.items():
        entry = printable(str(key))
        if not is_plain_float(tensor):
            raise WeightsError(f"{name}: {entry} is not a tensor of floating-point numbers")
        # The extremes show a NaN or an infinity in one pass, without a copy as large as the file.
        if not all(extreme.isfinite() for extreme in tensor.aminmax()):
            raise WeightsError(f"{name}: {entry} holds a NaN or an infinity")
