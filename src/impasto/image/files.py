"""Load pictures from files, bytes, Pillow images and arrays."""

import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImpastoError, InputError
from impasto.image import decode, formats, hidden, metadata
from impasto.image.metadata import NOTHING, Metadata
from impasto.image.samples import ImageLike
from impasto.image.suffixes import SPELT
from impasto.system.paths import display_path, os_error_message
from impasto.system.streams import silenced

# RGB of this size takes 0.45 GB in 8 bits, and several times that to paint. Pillow's own limit,
# twice `PIL.Image.MAX_IMAGE_PIXELS` (179 megapixels), stays in force.
MAX_PIXELS = 150_000_000

# A network that halves a smaller picture four times is left with nothing.
MIN_SIDE = 16


PictureFile: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""A picture file: a path, the bytes of a file, or an open file."""


@dataclass(frozen=True, eq=False)
class Picture(ImageLike):
    """A decoded picture, upright.

    Attributes:
        alpha: (H, W) float32 in [0, 1], or None if the picture is opaque.
        metadata: to copy to the painting.
        notices: warnings for the user of one line each, such as frames left out.
        path: of its file, or None.
    """

    alpha: NDArray[np.float32] | None = field(default=None, repr=False)
    metadata: Metadata = field(default=NOTHING, repr=False)
    notices: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def exif(self) -> bytes | None:
        """The EXIF block for the painting, see `metadata.kept_exif`, or None."""
        return self.metadata.exif


def is_picture_file(source: object) -> bool:
    """Tell whether a source is a picture file, see `PictureFile`."""
    return isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)) or callable(
        getattr(source, "read", None)
    )


def load(
    source: PictureFile | Image.Image | NDArray[Any] | Picture,
    *,
    min_side: int = MIN_SIDE,
    max_pixels: int = MAX_PIXELS,
    fill_hidden: bool = True,
) -> Picture:
    """Load a picture from any kind of source.

    Args:
        source: a path, the bytes of a file, an open file, a Pillow image, an array as in
            `decode.from_array`, or a picture that is loaded already.
        min_side: pictures with a shorter side are refused.
        max_pixels: larger pictures are refused.
        fill_hidden: whether to replace the colours of transparent parts, see `hidden.filled`.

    Raises:
        InputError: the source is not a picture, or it is too small or too large.
        TypeError: the source is of another type.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        return read(path, min_side=min_side, max_pixels=max_pixels, fill_hidden=fill_hidden)
    if isinstance(source, Picture):
        _check_size("the picture", source.size, min_side, max_pixels)
        return source
    if isinstance(source, Image.Image):
        name = "the image"
        with _decoding(name, source.format or "image"):
            _check_size(name, source.size, min_side, max_pixels)
            _load(source)
            return _finish(source, name, None, fill_hidden)
    if isinstance(source, np.ndarray):
        decoded = decode.from_array(source)
        height, width = source.shape[:2]
        _check_size("the array", (width, height), min_side, max_pixels)
        return _picture(decoded, "the array", fill_hidden)
    if is_picture_file(source):
        name, content = _content(source)
        with io.BytesIO(content) as file:
            return _decode(file, name, None, min_side, max_pixels, fill_hidden)
    raise TypeError(
        "a picture is a path, the bytes of a file, an open file, a PIL image or an array, "
        f"not {type(source).__name__}"
    )


def load_mask(source: PictureFile | Image.Image | NDArray[Any] | Picture) -> Picture:
    """Load a mask: as `load`, but of any size and with transparent parts as they are.

    `masks.from_pixels` needs them: a white shape on a transparent ground is a mask of that shape.
    """
    return load(source, min_side=1, fill_hidden=False)


def read(
    path: str | os.PathLike[str],
    *,
    min_side: int = MIN_SIDE,
    max_pixels: int = MAX_PIXELS,
    fill_hidden: bool = True,
) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP, GIF, JPEG 2000, PPM, TGA; AVIF and HEIC where Pillow can.

    Of several frames or pages only the first is read, with a notice. The EXIF orientation is
    applied, and an embedded ICC profile is converted to sRGB.

    Args:
        path: the file.
        min_side: pictures with a shorter side are refused before they are decoded.
        max_pixels: larger pictures are refused, too.
        fill_hidden: as for `load`.

    Raises:
        InputError: the file is missing, unreadable, damaged or of an unsupported format, or the
            picture is too small or too large.
    """
    if not os.fspath(path):
        raise InputError("the name is empty; name a picture")
    path = Path(path)
    name = str(path)
    if not name.isprintable():
        name = display_path(path)
    try:
        _check_regular(path, name)
        with path.open("rb") as file:
            return _decode(file, name, path, min_side, max_pixels, fill_hidden)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: {os_error_message(error)}") from error


def examine(
    file: BinaryIO, name: str, *, min_side: int = MIN_SIDE, max_pixels: int = MAX_PIXELS
) -> tuple[str, tuple[int, int]]:
    """Find a picture's format (Pillow's name) and (width, height) from its header.

    Args:
        file: open at its start; nothing of it is decoded.
        name: what messages call it; the suffix tells camera RAW, as for `formats.identify`.
        min_side: pictures with a shorter side are refused.
        max_pixels: larger pictures are, too.

    Raises:
        InputError: it is no picture, broken at its start, too small or too large.
    """
    head = file.read(formats.HEAD_BYTES)
    file.seek(0)
    kind = formats.identify(head, Path(name), name)
    with _decoding(name, kind), formats.open_as(file, kind, name) as image:
        _check_size(name, image.size, min_side, max_pixels)
        return kind, image.size


def _content(source: object) -> tuple[str, bytes]:
    """Return a name for messages and the bytes of a file's bytes or of an open file.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "the bytes", bytes(source)
    file = cast("BinaryIO", source)
    file_name = getattr(file, "name", None)
    name = display_path(Path(file_name)) if isinstance(file_name, str) and file_name else "the file"
    try:
        content = file.read()
    except (OSError, ValueError) as error:  # a ValueError from one that is closed
        raise InputError(f"{name}: cannot be read: {error}") from error
    if not isinstance(content, bytes):
        raise InputError(f'{name}: opened as text; open it in mode "rb"')
    return name, content


def _check_regular(path: Path, name: str) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise InputError(f"{name}: this is a folder; name a picture in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{name}: this is a device or pipe; name a file")


def _decode(
    file: BinaryIO,
    name: str,
    path: Path | None,
    min_side: int,
    max_pixels: int,
    fill_hidden: bool,
) -> Picture:
    """Decode the picture in an open file; `path` is None if it has none."""
    head = file.read(formats.HEAD_BYTES)
    file.seek(0)
    kind = formats.identify(head, path or Path(), name)
    with _decoding(name, kind), formats.open_as(file, kind, name) as image:
        _check_size(name, image.size, min_side, max_pixels)
        notices = _frames_left_out(image)
        with silenced() if kind == "TIFF" else nullcontext():
            image.load()
        if kind == "TGA" and image.mode == "RGBA" and head[_TGA_ALPHA_BITS] & 15 == 0:
            image = image.convert("RGB")  # the fourth byte of each pixel means nothing
        return _finish(image, name, path, fill_hidden, notices, file)


_TGA_ALPHA_BITS = 17
"""Byte of a TGA's head whose lower half is the number of alpha bits a pixel."""


def _finish(
    image: Image.Image,
    name: str,
    path: Path | None,
    fill_hidden: bool,
    notices: tuple[str, ...] = (),
    file: BinaryIO | None = None,
) -> Picture:
    """Convert a loaded image to a picture."""
    kept, lost = metadata.kept(image, file)
    format = image.format  # which turning forgets; it tells the scale of some values
    image = metadata.upright(image)
    image.format = format
    picture = _picture(decode.from_image(image), name, fill_hidden, notices + lost)
    return replace(picture, metadata=kept, path=path)


def _picture(
    decoded: decode.Decoded, name: str, fill_hidden: bool, notices: tuple[str, ...] = ()
) -> Picture:
    samples, alpha, more = decoded
    if alpha is not None and fill_hidden:
        if not alpha.any():
            more += ("is completely transparent",)
        samples = hidden.filled(samples, alpha)
    return Picture(samples, alpha, notices=tuple(f"{name} {n}" for n in notices + more))


def _load(image: Image.Image) -> None:
    """Read the pixels of a Pillow image, unless it is closed.

    Raises:
        InputError: it was closed.
    """
    file = getattr(image, "fp", None)
    try:
        image.load()
    except Exception as error:  # of several types, depending on Pillow's version
        if "closed" in str(error) or file is None or file.closed:
            raise InputError(
                "the image is closed; call its load() first, or name its file"
            ) from error
        raise


@contextmanager
def _decoding(name: str, kind: str) -> Iterator[None]:
    """Convert any error of Pillow to InputError, and silence its warnings.

    For damaged files its readers raise OSError, SyntaxError, ValueError, struct.error, zlib.error,
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
        if formats.is_unsupported(error):
            raise InputError(
                f"{name}: damaged, or a kind of {SPELT.get(kind, kind)} that is not supported; "
                "export it as PNG, or get a fresh copy"
            ) from error
        raise InputError(
            f"{name}: the {SPELT.get(kind, kind)} data are damaged or cut short; get a fresh copy"
        ) from error


def _check_size(name: str, size: tuple[int, int], min_side: int, max_pixels: int) -> None:
    width, height = size
    if min(size) < min_side:
        raise InputError(
            f"{name}: {width} x {height} pixels is too small; both sides need at least {min_side}"
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
