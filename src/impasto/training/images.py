"""Training images: folders of files, decoded once, cut into random crops."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from impasto.errors import InputError
from impasto.image.suffixes import PLAIN_PICTURES
from impasto.system.paths import is_hidden

CACHED_SIDE = 320
"""Images are kept in memory with their short side at most this long (about 0.4 MB each)."""
ENLARGED = 1.1
"""By how much a crop may be scaled up: blurred paintings teach blurred painting."""

Batch = TypeVar("Batch")


class Images:
    """Image files, decoded once.

    Args:
        files: at least one, JPEG, PNG, WebP, BMP or TIFF.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = list(files)
        self._decoded: dict[int, Image.Image] = {}

    def __len__(self) -> int:
        return len(self.files)

    def image(self, index: int) -> Image.Image:
        """Decode an image to RGB; it is kept in memory after its first use."""
        if index not in self._decoded:
            self._decoded[index] = _decode(self.files[index])
        return self._decoded[index]

    def crop(self, rng: np.random.Generator, size: int, *, zoom: float = 2.0) -> NDArray[np.uint8]:
        """Cut a random square out of a random image, flipped half the time, resized to `size`.

        Args:
            rng: decides which image, where, and at which scale.
            size: side of the result in pixels.
            zoom: the largest factor by which a crop is scaled down; it is scaled up by at most
                `ENLARGED`, unless ten images in turn are too small for that.

        Returns:
            (size, size, 3) uint8.
        """
        for _ in range(10):
            picture = self.image(int(rng.integers(len(self))))
            short = min(picture.size)
            if short * ENLARGED >= size:
                break
        smallest, largest = min(size / ENLARGED, short), min(size * zoom, short)
        # The logarithm there and back can end a rounding error beyond the picture.
        side = min(float(np.exp(rng.uniform(np.log(smallest), np.log(largest)))), short)
        left = rng.uniform(0, picture.width - side)
        top = rng.uniform(0, picture.height - side)
        box = (left, top, left + side, top + side)
        pixels = np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))
        return pixels[:, ::-1] if rng.random() < 0.5 else pixels


class ImageFolder(Images):
    """The images below a folder, split once and for all into training and held-out ones.

    An image is held out when the hash of its name says so (one in fifty), so the split does
    not change when images are added, nor from machine to machine.

    Args:
        folder: searched recursively for JPEG, PNG, WebP, BMP and TIFF files.
        held_out: take the held-out images instead of those to train on.

    Raises:
        InputError: the folder is missing or holds no image of that part of the split.
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        super().__init__([p for p in image_files(folder) if _is_held_out(p) == held_out])
        if not self.files:
            part = "held-out image (one in fifty is)" if held_out else "image to train on"
            raise InputError(f"{folder}: holds no {part}; add JPEG or PNG files")


def image_files(folder: Path) -> list[Path]:
    """List the images below a folder, by name.

    Raises:
        InputError: the folder is missing.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of training images")
    named = (p for p in folder.rglob("*") if p.suffix.lower() in PLAIN_PICTURES)
    return sorted(p for p in named if p.is_file() and not is_hidden(p))


def to_tensor(crops: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Convert N (H, W, 3) uint8 arrays to (N, 3, H, W) float in [0, 1], channels last in memory."""
    stacked = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
    return stacked.float().div_(255).contiguous(memory_format=torch.channels_last)


def prefetch(make: Callable[[int], Batch], steps: Iterator[int]) -> Iterator[tuple[int, Batch]]:
    """Yield (step, make(step)) while a thread makes the next batch.

    A batch depends on its step alone, so a resumed run sees what an uninterrupted one sees.
    """
    with ThreadPoolExecutor(1) as pool:
        ahead = None
        for step in steps:
            batch = ahead.result() if ahead else make(step)
            ahead = pool.submit(make, step + 1)
            yield step, batch


def _is_held_out(file: Path) -> bool:
    return int(hashlib.sha256(file.name.encode()).hexdigest(), 16) % 50 == 0


def _decode(file: Path) -> Image.Image:
    try:
        with Image.open(file) as opened:
            picture: Image.Image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise InputError(f"{file}: cannot be read ({problem}); take it out of the folder") from None
    scale = CACHED_SIDE / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
    )
