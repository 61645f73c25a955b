"""Download torchvision's official weights into a cache and verify them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import DownloadError, MissingExtraError, SettingError, WeightsError
from impasto.system.paths import display_path, os_error_message

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) as a download advances."""

BASE_URL = "https://download.pytorch.org/models"

_TIMEOUT = 30
"""Seconds without an answer or data after which a download fails."""


@dataclass(frozen=True)
class OfficialFile:
    """A file of torchvision's ImageNet weights; its name has the start of its SHA-256."""

    filename: str
    size: int
    sha256: str


OFFICIAL = {
    "vgg19": OfficialFile(
        filename="vgg19-dcbb9e9d.pth",
        size=574_673_361,
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    ),
}
"""By the encoder's name. VGG-16 ships with impasto."""


def official(name: str) -> OfficialFile:
    """Look up the official file `name`.

    Raises:
        SettingError: there is no such file.
    """
    if name not in OFFICIAL:
        raise SettingError(
            f"no weights called {name!r} can be fetched; these can: {', '.join(OFFICIAL)}"
        )
    return OFFICIAL[name]


def cached_path(name: str) -> Path:
    """Return the path of the official file `name` in the cache.

    The cache is the folder that the environment variable IMPASTO_CACHE names, or else the
    platform's cache folder.

    Raises:
        SettingError: there is no such file.
        WeightsError: there is no home folder, and so no cache.
    """
    try:
        folder = Path(os.environ.get("IMPASTO_CACHE") or _pooch().os_cache("impasto")).expanduser()
    except (RuntimeError, KeyError):  # there is no home folder
        raise WeightsError(
            "there is no cache folder for weights; set the environment variable IMPASTO_CACHE "
            "to a folder"
        ) from None
    return folder / official(name).filename


def is_cached(name: str) -> bool:
    """Tell whether the official file `name` is in the cache, with its full size.

    Only verified files get their final name, so checking the size is enough; `verify` reads the
    whole file again.

    Raises:
        SettingError, WeightsError: as `cached_path`; or the cache cannot be read.
    """
    path = cached_path(name)
    try:
        return path.is_file() and path.stat().st_size == official(name).size
    except OSError as problem:
        raise WeightsError(
            f"{display_path(path)}: {os_error_message(problem)}; set the environment variable "
            "IMPASTO_CACHE to another folder"
        ) from problem


def fetch(name: str, *, progress: Progress | None = None, base_url: str | None = None) -> Path:
    """Return the path of the official file `name`; download it if the cache lacks it.

    The download goes to a temporary file, which gets its final name after its SHA-256 is verified.

    Args:
        name: "vgg19".
        progress: called with (bytes done, bytes in all) as the download advances.
        base_url: a mirror's folder; download.pytorch.org's by default.

    Raises:
        SettingError: there is no such file.
        DownloadError: the download failed, or the file is not the official one.
    """
    path = cached_path(name)
    if is_cached(name):
        return path
    file = official(name)
    url = f"{(base_url or BASE_URL).rstrip('/')}/{file.filename}"
    instead = f"put {file.filename} ({file.size / 1e6:.0f} MB) at {path}"
    try:
        _download(url, path, file, progress)
    # In this order: requests raises an error for an invalid URL that is both.
    except OSError as problem:
        raise DownloadError(f"cannot download {url} ({_reason(problem)}): {instead}") from problem
    except ValueError as problem:
        raise DownloadError(
            f"{url} is not the official {name} (SHA-256 differs), so it was removed: {instead}"
        ) from problem
    return path


def verify(name: str) -> None:
    """Verify the SHA-256 of the official file `name` in the cache.

    A file that differs is removed, so that the next `fetch` downloads it again.

    Raises:
        SettingError: there is no such file.
        WeightsError: the file is not in the cache, or differs.
    """
    path = cached_path(name)
    again = f"impasto weights fetch {name}"
    if not path.is_file():
        raise WeightsError(f"{path}: not downloaded yet; run {again}")
    if _pooch().file_hash(str(path)) != official(name).sha256:
        path.unlink()
        raise WeightsError(f"{path}: damaged (SHA-256 differs), so it was removed; run {again}")


def _pooch() -> Any:
    try:
        import pooch
    except ImportError:
        raise MissingExtraError("downloading weights", "torch") from None
    return pooch


class _ProgressBar:
    """Adapts a callback to pooch's progress bars.

    pooch counts the last chunk as a whole one, and at the end counts the announced size again. So
    the count is bounded by the known size.
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
    # pooch logs each download to standard error, which would disturb the progress bar.
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
    """Describe a failed download in a few words; requests' messages have several lines."""
    response = getattr(problem, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    return problem.strerror or type(problem).__name__
