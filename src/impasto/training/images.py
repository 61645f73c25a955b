"""Training images: folders of files, and random crops of them, prepared by threads."""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from impasto.errors import InputError
from impasto.image.suffixes import PLAIN_PICTURES
from impasto.system.cores import usable_cores
from impasto.system.paths import display_path, is_hidden

CACHED_SIDE = 320
"""Longest short side in pixels of the images that are kept in memory, about 0.4 MB each."""

CACHE_BYTES = 1 << 30
"""Memory for the decoded images of a folder, about 2,500 of them. The least recently used ones are
dropped first."""

ENLARGED = 1.1
"""Largest factor by which a crop is scaled up; from blurred pictures a network learns to blur."""

THREADS = min(16, max(4, usable_cores()))
"""Number of threads that prepare batches, one each. Pillow releases Python's global lock."""

PHOTO_ZOOM = 1.3
PHOTO_ENLARGED = 1.25
"""Largest factors by which crops of photos for the painter are scaled down and up."""

Batch = TypeVar("Batch")


class Images:
    """Image files, decoded when needed; several threads may use them at once.

    Args:
        files: at least one, JPEG, PNG, WebP, BMP or TIFF.
        cache: bytes of decoded images to keep in memory.
    """

    def __init__(self, files: Sequence[Path], cache: int = CACHE_BYTES) -> None:
        self.files = list(files)
        self._cache = cache
        self._cached = 0
        self._decoded: OrderedDict[int, Image.Image] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.files)

    def image(self, index: int) -> Image.Image:
        """Decode an image to RGB, or return it from memory."""
        with self._lock:
            if index in self._decoded:
                self._decoded.move_to_end(index)
                return self._decoded[index]
        image = _decode(self.files[index])
        with self._lock:
            if index not in self._decoded:
                self._decoded[index] = image
                self._cached += _bytes(image)
            while self._cached > self._cache:
                _, oldest = self._decoded.popitem(last=False)
                self._cached -= _bytes(oldest)
        return image

    def crop(
        self,
        rng: np.random.Generator,
        size: int,
        *,
        zoom: float = 2.0,
        enlarged: float = ENLARGED,
    ) -> NDArray[np.uint8]:
        """Cut a random square out of a random image, flipped half the time, resized to `size`.

        Args:
            rng: decides which image, where, and at which scale.
            size: side of the result in pixels.
            zoom: the largest factor by which a crop is scaled down.
            enlarged: the largest factor by which it is scaled up, unless ten images in a row are
                too small for that.

        Returns:
            (size, size, 3) uint8.
        """
        for _ in range(10):
            picture = self.image(int(rng.integers(len(self))))
            short = min(picture.size)
            if short * enlarged >= size:
                break
        smallest, largest = min(size / enlarged, short), min(size * zoom, short)
        # log and exp can round to a side that is larger than the picture.
        side = min(float(np.exp(rng.uniform(np.log(smallest), np.log(largest)))), short)
        left = rng.uniform(0, picture.width - side)
        top = rng.uniform(0, picture.height - side)
        box = (left, top, left + side, top + side)
        pixels = np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))
        return pixels[:, ::-1] if rng.random() < 0.5 else pixels


class ImageFolder(Images):
    """The images in a folder and its subfolders: those to train on, or those held out.

    The hash of its file name decides whether an image is held out; one in fifty is. So the split is
    the same on every machine and does not change when images are added.

    Args:
        folder: searched recursively for JPEG, PNG, WebP, BMP and TIFF files.
        held_out: whether to take the held-out images instead of those to train on.

    Raises:
        InputError: the folder is missing or holds no image of that part of the split.
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        super().__init__([p for p in image_files(folder) if is_held_out(p) == held_out])
        if not self.files:
            part = "held-out image (one in fifty)" if held_out else "image to train on"
            raise InputError(f"{display_path(folder)}: holds no {part}; add JPEG or PNG files")


def image_files(folder: Path) -> list[Path]:
    """List the images in a folder and its subfolders, sorted by path.

    Raises:
        InputError: the folder is missing.
    """
    if not folder.is_dir():
        raise InputError(f"{display_path(folder)}: not a folder; give a folder of training images")
    named = (p for p in folder.rglob("*") if p.suffix.lower() in PLAIN_PICTURES)
    return sorted(p for p in named if p.is_file() and not is_hidden(p))


def stacked(crops: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Stack N (H, W, 3) arrays to (N, H, W, 3)."""
    return torch.from_numpy(np.stack(crops))


def to_unit(pixels: Tensor) -> Tensor:
    """Convert (N, H, W, 3) uint8 to (N, 3, H, W) float in [0, 1], channels last in memory."""
    return pixels.permute(0, 3, 1, 2).float() / 255


def to_tensor(crops: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Convert N (H, W, 3) uint8 arrays to (N, 3, H, W) float in [0, 1], channels last in memory."""
    return to_unit(stacked(crops))


def prefetch(make: Callable[[int], Batch], steps: Iterator[int]) -> Iterator[tuple[int, Batch]]:
    """Yield (step, make(step)) for consecutive steps, while threads prepare the next batches.

    A batch depends only on its step, so a resumed run sees the batches of an uninterrupted one.
    """
    pool = ThreadPoolExecutor(THREADS)
    ahead: deque[Future[Batch]] = deque()
    try:
        for step in steps:
            first = step + len(ahead)
            ahead.extend(pool.submit(make, k) for k in range(first, step + THREADS + 1))
            yield step, ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def is_held_out(file: Path) -> bool:
    """Tell whether a file is held out of the training; the hash of its name decides."""
    return int(hashlib.sha256(file.name.encode()).hexdigest(), 16) % 50 == 0


def _bytes(image: Image.Image) -> int:
    return 3 * image.width * image.height


def _decode(file: Path) -> Image.Image:
    try:
        with Image.open(file) as opened:
            picture: Image.Image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise InputError(
            f"{display_path(file)}: cannot be read ({problem}); take it out of the folder"
        ) from None
    scale = CACHED_SIDE / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
    )
