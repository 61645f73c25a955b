"""Where the encoders' weights come from: official files, verified and cached, or a user's own.

Torch is imported only where weights are loaded, so that listing and fetching files start at once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impasto.errors import DownloadError, InputError, MissingExtraError, SettingError, WeightsError
from impasto.system.paths import label, printable

if TYPE_CHECKING:
    from torch import Tensor, nn

    from impasto.networks.vgg import VGG, Depth, Padding, Pooling

EncoderName = Literal["compact", "vgg16", "vgg19"]

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all) as a download advances."""

BASE_URL = "https://download.pytorch.org/models"

_TIMEOUT = 30
"""Seconds without an answer or without a byte after which a download counts as broken."""

_LARGEST_LIST = 1 << 18
"""Bytes of names and shapes in a file of weights: VGG-19 has a few thousand. Every entry is made a
tensor of its own, so that a file of many keeps one waiting for minutes before it is refused."""


@dataclass(frozen=True)
class OfficialFile:
    """A file of torchvision's ImageNet weights; the name carries the start of its SHA-256."""

    filename: str
    size: int
    sha256: str
    depth: Depth
    purpose: str


OFFICIAL = {
    "vgg16": OfficialFile(
        filename="vgg16-397923af.pth",
        size=553_433_881,
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        depth=16,
        purpose="the encoder of Johnson's perceptual loss and of STROTSS",
    ),
    "vgg19": OfficialFile(
        filename="vgg19-dcbb9e9d.pth",
        size=574_673_361,
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        depth=19,
        purpose="the encoder of Gatys' method and its successors",
    ),
}


def official(name: str) -> OfficialFile:
    """What is known of the official file `name`.

    Raises:
        SettingError: there is no such file.
    """
    if name not in OFFICIAL:
        raise SettingError(f"no official weights are called {name!r}; there are: {_names()}")
    return OFFICIAL[name]


def cached_path(name: str) -> Path:
    """Where the official file `name` lies once fetched.

    That is the platform's cache folder, or the folder that the environment variable
    IMPASTO_CACHE names.

    Raises:
        SettingError: there is no such file.
    """
    folder = os.environ.get("IMPASTO_CACHE") or _pooch().os_cache("impasto")
    return Path(folder).expanduser() / official(name).filename


def is_cached(name: str) -> bool:
    """Whether the official file `name` is in the cache, with its full size.

    Only verified files get their final name, so a look at the size suffices on every use;
    `verify` reads the file again in full.
    """
    path = cached_path(name)
    return path.is_file() and path.stat().st_size == official(name).size


def fetch(name: str, *, progress: Progress | None = None, base_url: str | None = None) -> Path:
    """The path of the official file `name`, downloaded if the cache lacks it.

    The download goes to a temporary file beside the final one, which takes the final name
    only after its SHA-256 has been found right.

    Args:
        name: "vgg16" or "vgg19".
        progress: told (bytes done, bytes in all) as the download advances.
        base_url: a mirror's folder; download.pytorch.org's by default.

    Raises:
        SettingError: there is no such file.
        DownloadError: the download failed, or brought another file than the official one.
    """
    path = cached_path(name)
    if is_cached(name):
        return path
    file = official(name)
    url = f"{(base_url or BASE_URL).rstrip('/')}/{file.filename}"
    instead = f"put {file.filename} ({file.size / 1e6:.0f} MB) at {path}"
    try:
        _download(url, path, file, progress)
    # In this order: an invalid URL is both to requests, and no matter of hashes.
    except OSError as problem:
        raise DownloadError(f"cannot download {url} ({_reason(problem)}): {instead}") from problem
    except ValueError as problem:
        raise DownloadError(
            f"{url} is not the official {name} (SHA-256 differs), so it was removed: {instead}"
        ) from problem
    return path


def verify(name: str) -> None:
    """Reads the official file `name` in the cache in full and compares its SHA-256.

    A file that differs is removed, so that the next `fetch` brings a sound one.

    Raises:
        SettingError: there is no such file.
        WeightsError: the file is not in the cache, or differs.
    """
    path = cached_path(name)
    again = f"impasto weights fetch {name}"
    if not path.is_file():
        raise WeightsError(f"{path}: not fetched yet: {again}")
    if _pooch().file_hash(str(path)) != official(name).sha256:
        path.unlink()
        raise WeightsError(
            f"{path}: damaged (SHA-256 differs), so it was removed: fetch it again with {again}"
        )


def load(path: Path) -> dict[str, Tensor]:
    """The tensors in a `.pth`, `.pt` or `.safetensors` file, by name, on the CPU.

    Nothing in the file is executed. All values are finite floating-point numbers.

    Raises:
        InputError: the path names no file, or a file of another kind.
        WeightsError: the file is truncated, damaged, or holds more than plain weights.
    """
    name = label(path)
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "no such file"
        raise InputError(f"{name}: {what}")
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{name}: weights come in {', '.join(_READERS)} files")
    try:
        weights: dict[str, Tensor] = read(path)
    except WeightsError:
        raise
    # A damaged pickle can raise nearly anything; none of it tells the user more than this.
    except Exception as problem:
        raise WeightsError(
            f"{name}: cannot be read as weights: truncated, damaged, or holding Python objects, "
            "which are refused because they can run code"
        ) from problem
    _check_values(weights, name)
    return weights


def load_into(network: nn.Module, path: Path) -> None:
    """Gives `network` the weights in the file `path`.

    Entries that the network does not have, such as a classifier's, are ignored.

    Raises:
        InputError, WeightsError: as `load`.
        WeightsError: an entry is missing or of another shape; the network is unchanged.
    """
    weights = load(path)
    name = label(path)
    own = network.state_dict()
    missing = [key for key in own if key not in weights]
    if missing:
        raise WeightsError(
            f"{name}: weights of another network: {len(missing)} of {len(own)} entries are "
            f"missing, the first is {missing[0]}"
        )
    for key, tensor in own.items():
        if weights[key].shape != tensor.shape:
            raise WeightsError(
                f"{name}: weights of another network: {key} has shape "
                f"{tuple(weights[key].shape)} instead of {tuple(tensor.shape)}"
            )
    network.load_state_dict({key: weights[key] for key in own})


def encoder(
    name: EncoderName,
    *,
    weights: Path | None = None,
    pooling: Pooling = "max",
    first_padding: Padding | None = None,
    progress: Progress | None = None,
) -> VGG:
    """A perceptual encoder, ready to use: loaded, frozen, in evaluation mode, on the CPU.

    Its memory format is channels-last, in which the convolutions of the CPU are faster.

    Args:
        name: "compact" ships with impasto; "vgg16" and "vgg19" are downloaded on first use.
        weights: a file to load in place of the shipped or official one.
        pooling: "max" or "average", see `VGG`.
        first_padding: "zero" or "replicate", see `VGG`; by default what the network was trained
            with. The compact encoder knows "replicate" only.
        progress: as in `fetch`.

    Raises:
        SettingError: the name is unknown, or the compact encoder is to pad with zeros.
        InputError, WeightsError: as `fetch` and `load_into`.
    """
    network = (
        _compact(weights, pooling, first_padding)
        if name == "compact"
        else _vgg(name, weights, pooling, first_padding, progress)
    )
    import torch

    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch lacks it
    return network.requires_grad_(False).eval()


def _compact(weights: Path | None, pooling: Pooling, first_padding: Padding | None) -> VGG:
    # Here because that module imports this one.
    from impasto.networks import compact

    if first_padding == "zero":
        raise SettingError("the compact encoder pads by replicating; only VGG can pad with zeros")
    return compact.load(weights, pooling=pooling)


def _vgg(
    name: str,
    weights: Path | None,
    pooling: Pooling,
    first_padding: Padding | None,
    progress: Progress | None,
) -> VGG:
    from impasto.networks.vgg import VGG

    if name not in OFFICIAL:
        raise SettingError(f"unknown encoder {name!r}; there are: compact, {_names()}")
    path = fetch(name, progress=progress) if weights is None else weights
    network = VGG(official(name).depth, pooling=pooling, first_padding=first_padding or "zero")
    load_into(network, path)
    return network


def _names() -> str:
    return ", ".join(OFFICIAL)


def _pooch() -> Any:
    try:
        import pooch
    except ImportError:
        raise MissingExtraError("managing the weights of VGG", "torch") from None
    return pooch


class _ProgressBar:
    """What pooch takes for a progress bar; it hands the counts on to a callback.

    pooch counts whole chunks, also for the last one, and at the end starts over to count
    what the server announced. Bounding the count by the known size makes both harmless.
    """

    def __init__(self, progress: Progress, size: int) -> None:
        self._progress = progress
        self._size = size
        self._done = 0

    def update(self, count: int) -> None:
        self._done = min(self._done + count, self._size)
        self._progress(self._done, self._size)

    def reset(self) -> None: ...

    def close(self) -> None: ...


def _download(url: str, path: Path, file: OfficialFile, progress: Progress | None) -> None:
    pooch = _pooch()
    # pooch announces each download on standard error, across the caller's progress display.
    pooch.get_logger().setLevel(logging.WARNING)
    pooch.retrieve(
        url,
        known_hash=f"sha256:{file.sha256}",
        fname=path.name,
        path=path.parent,
        downloader=pooch.HTTPDownloader(
            progressbar=_ProgressBar(progress, file.size) if progress else False,
            chunk_size=1 << 20,
            timeout=_TIMEOUT,
        ),
    )


def _reason(problem: OSError) -> str:
    """A few words on a failed download: requests' own messages fill several lines."""
    response = getattr(problem, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    return problem.strerror or type(problem).__name__


def _read_pickle(path: Path) -> Any:
    import torch

    _check_list(path, _pickled_bytes(path))
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_safetensors(path: Path) -> Any:
    from safetensors.torch import load_file

    with path.open("rb") as file:
        claimed = int.from_bytes(file.read(8), "little")
    if claimed < path.stat().st_size:  # else it is no such file, which `load_file` sees at once
        _check_list(path, claimed)
    return load_file(path)


def _pickled_bytes(path: Path) -> int:
    """The size of what is pickled in a file of PyTorch's, beside the numbers.

    0 for a file from before PyTorch 1.6, which is one pickle and no archive.
    """
    import zipfile

    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as archive:
        return sum(e.file_size for e in archive.infolist() if e.filename.endswith("/data.pkl"))


def _check_list(path: Path, size: int) -> None:
    """Makes sure that the list of what a file holds is of a size that an encoder's can have."""
    if size > _LARGEST_LIST:
        raise WeightsError(
            f"{label(path)}: damaged, or weights of another network: the list of its entries "
            f"alone would be {size / 1e6:,.1f} MB"
        )


_READERS = {".pth": _read_pickle, ".pt": _read_pickle, ".safetensors": _read_safetensors}


def _check_values(weights: Any, name: str) -> None:
    """Makes sure that `weights` are named, plain, finite floating-point tensors."""
    if not isinstance(weights, dict) or not weights:
        raise WeightsError(f"{name}: holds no weights by name")
    for key, tensor in weights.items():
        entry = printable(str(key))
        if not is_plain_float(tensor):
            raise WeightsError(f"{name}: {entry} is no tensor of floating-point numbers")
        # The extremes show a NaN or an infinity in one pass, without a copy as large as the file.
        if not all(extreme.isfinite() for extreme in tensor.aminmax()):
            raise WeightsError(f"{name}: {entry} holds a NaN or an infinity")


def is_plain_float(value: object) -> bool:
    """Whether it is a tensor of floats that has all its numbers in memory.

    A tensor on the device `meta` has none, and one with a stride of 0 can claim any shape from a
    single number: a small file of it would fill the memory as soon as it is computed with.
    """
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
        and value.device.type == "cpu"
        and 0 < value.numel() * value.element_size() <= value.untyped_storage().nbytes()
    )
