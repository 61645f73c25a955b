"""Pictures from files, Pillow images and arrays: one `Picture`, whatever the source."""

import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImpastoError, InputError
from impasto.image import decode, formats, metadata
from impasto.image.samples import Raster
from impasto.system.paths import label, reason

# RGB of this size takes 0.45 GB in 8 bits, and several times that to paint. Pillow has a limit of
# its own, twice `PIL.Image.MAX_IMAGE_PIXELS` (179 megapixels), which we leave in force.
MAX_PIXELS = 150_000_000

# Below this a network that halves the picture four times has nothing left to look at.
MIN_SIDE = 16


@dataclass(frozen=True, eq=False)
class Picture(Raster):
    """A decoded picture, upright.

    Attributes:
        alpha: (H, W) float32 in [0, 1], or None where all is opaque.
        exif: the EXIF block for the painting, see `metadata.kept_exif`, or None.
        notices: one line each on what the user should know, such as frames left out.
        path: the file it came from, or None.
    """

    alpha: NDArray[np.float32] | None = field(default=None, repr=False)
    exif: bytes | None = field(default=None, repr=False)
    notices: tuple[str, ...] = ()
    path: Path | None = None


def load(
    source: str | Path | Image.Image | NDArray[Any] | Picture,
    *,
    min_side: int = MIN_SIDE,
    max_pixels: int = MAX_PIXELS,
) -> Picture:
    """A picture from whatever a Python user has at hand.

    Args:
        source: a path, a Pillow image, an array as `decode.from_array` describes, or a picture
            that was loaded already.
        min_side: pictures with a shorter side are refused.
        max_pixels: larger pictures are refused.

    Raises:
        InputError: the source is no picture, or too small or large.
        TypeError: the source is of none of these types.
    """
    if isinstance(source, (str, Path)):
        return read(source, min_side=min_side, max_pixels=max_pixels)
    if isinstance(source, Picture):
        _check_size("the picture", source.size, min_side, max_pixels)
        return source
    if isinstance(source, Image.Image):
        name = "the image"
        with _decoding(name, source.format or "image"):
            _check_size(name, source.size, min_side, max_pixels)
            source.load()
            return _finish(source, name, None)
    if isinstance(source, np.ndarray):
        decoded = decode.from_array(source)
        height, width = source.shape[:2]
        _check_size("the array", (width, height), min_side, max_pixels)
        return Picture(
            decoded.samples,
            decoded.alpha,
            notices=tuple(f"the array {notice}" for notice in decoded.notices),
        )
    raise TypeError(f"a picture is a path, a PIL image or an array, not {type(source).__name__}")


def read(path: str | Path, *, min_side: int = MIN_SIDE, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP or GIF; AVIF and HEIC where Pillow can.

    Of several frames or pages the first is taken, with a notice. The EXIF orientation is
    applied, an embedded ICC profile converted to sRGB.

    Args:
        path: the file.
        min_side: pictures with a shorter side are refused before they are decoded.
        max_pixels: larger pictures are, too.

    Raises:
        InputError: the file is missing, unreadable, broken, of a format that is not read, has
            too short a side or too many pixels.
    """
    if not str(path):
        raise InputError("an empty name; name a picture")
    path = Path(path)
    name = label(path)
    try:
        _check_regular(path, name)
        with path.open("rb") as file:
            return _decode(file, path, min_side, max_pixels)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: {reason(error)}") from error


def _check_regular(path: Path, name: str) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise InputError(f"{name}: this is a folder; name a picture in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{name}: this is a device or pipe; name a file")


def _decode(file: BinaryIO, path: Path, min_side: int, max_pixels: int) -> Picture:
    name = label(path)
    kind = formats.identify(file.read(formats.HEAD_BYTES), path, name)
    with _decoding(name, kind), formats.open_as(file, kind, name) as image:
        _check_size(name, image.size, min_side, max_pixels)
        notices = _frames_left_out(image)
        image.load()
        return _finish(image, name, path, notices)


def _finish(
    image: Image.Image, name: str, path: Path | None, notices: tuple[str, ...] = ()
) -> Picture:
    """The picture from a loaded image."""
    exif, lost = metadata.kept_exif(image)
    turned = metadata.upright(image)
    turned.format = image.format  # turning forgets it, and it tells the scale of some values
    decoded = decode.from_image(turned)
    notices = tuple(f"{name} {notice}" for notice in notices + lost + decoded.notices)
    return Picture(decoded.samples, decoded.alpha, exif, notices, path)


@contextmanager
def _decoding(name: str, kind: str) -> Iterator[None]:
    """Any failure of Pillow's as one InputError, and none of its warnings.

    On broken bytes its readers raise OSError, SyntaxError, ValueError, struct.error, zlib.error,
    EOFError, IndexError, OverflowError and more, hence the broad `except`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImpastoError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{name}: far too many pixels; scale it down first") from error
    except MemoryError as error:
        raise InputError(f"{name}: not enough memory for it; scale it down first") from error
    except Exception as error:
        raise InputError(
            f"{name}: the {kind} data is broken or cut short; get a fresh copy of it"
        ) from error


def _check_size(name: str, size: tuple[int, int], min_side: int, max_pixels: int) -> None:
    width, height = size
    if min(size) < min_side:
        raise InputError(
            f"{name}: {width} x {height} pixels is too small to paint; "
            f"both sides need at least {min_side}"
        )
    if width * height > max_pixels:
        raise InputError(
            f"{name}: {width} x {height} pixels is more than {max_pixels / 1e6:g} megapixels; "
            "scale it down first"
        )


def _frames_left_out(image: Image.Image) -> tuple[str, ...]:
    if image.format == "MPO":  # a phone's JPEG; its other frames are previews and depth maps
        return ()
    count = getattr(image, "n_frames", 1)
    if count == 1:
        return ()
    kind = "pages" if image.format == "TIFF" else "frames"
    return (f"has {count} {kind}; only the first is used",)
