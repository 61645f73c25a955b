"""TIFF: refuse the kinds that Pillow reads incorrectly, and write files.

Pillow reads some kinds of TIFF incorrectly without an error, and refuses some valid ones. They were
found with version 13 by reading one gradient in 3,024 kinds of TIFF (`tests/image/test_tiff.py`).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from impasto.image.directories import Directory, Entry, Reader, numbers, packed
from impasto.image.metadata import Metadata, parts, resolution, tiff_entries

_BITS, _COMPRESSION, _PHOTOMETRIC = 0x0102, 0x0103, 0x0106
_SAMPLES, _PLANAR, _SUBSAMPLING, _INKS, _EXTRA, _FORMAT = (
    0x0115, 0x011C, 0x0212, 0x014C, 0x0152, 0x0153,
)  # fmt: skip
_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTES = 0x0111, 0x0116, 0x0117
_ICC = 0x8773

_NONE, _JPEG, _OLD_JPEG = 1, 7, 6
_WHITE_IS_ZERO, _YCBCR, _SEPARATED = 0, 6, 5
_SEPARATE = 2
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3

_COMPRESSIONS = {
    1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32809, 32946, 34925, 50000,
}  # fmt: skip
"""Those that Pillow's libtiff supports in all builds that were checked."""

_NAMES = {34712: "JPEG 2000", 34887: "LERC", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"}
_COLOURS = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr",
            8: "Lab", 9: "ICC Lab", 10: "ITU Lab", 32803: "raw sensor", 32844: "LogL",
            32845: "LogLuv", 34892: "linear raw"}  # fmt: skip
_PLANAR_READ = {("grey", 1, ()), ("RGB", 3, ()), ("RGB", 4, (2,)), ("RGB", 4, ()), ("CMYK", 4, ())}
"""Colours, channels and extra channels that Pillow reads in separate planes, with 8 bits and
uncompressed."""

_STRIP = 1 << 20
"""Approximate bytes of a strip in a file that is written."""


def unread_kind(file: BinaryIO) -> str | None:
    """Describe a kind of TIFF that Pillow does not read correctly; None if it may be read."""
    description = _described(file)
    if description is None:
        return None
    order, kind = description
    if kind.compression not in _COMPRESSIONS:
        return f"{_NAMES.get(kind.compression, 'unknown')} compression"
    large = kind.bits[0] >= 16
    wrong = (
        (kind.photometric == _WHITE_IS_ZERO and (large or kind.planar))
        or (kind.format == _SIGNED and kind.bits[0] == 8)
        # libtiff returns the machine's byte order, but Pillow expects the file's.
        or (order == ">" and kind.compression != _NONE and large and kind.is_wide)
        or (kind.planar and not kind.planes_are_read)
        or (kind.photometric == _YCBCR and kind.is_subsampled)
        or (kind.photometric == _SEPARATED and kind.inks == 2)
    )
    return str(kind) if wrong else None


def kind_of(file: BinaryIO) -> str | None:
    """Describe the kind of a TIFF in a few words; None if it is damaged."""
    file.seek(0)
    description = _described(file)
    return None if description is None else str(description[1])


class _Kind:
    """The kind of a TIFF, from its directory."""

    def __init__(self, reader: Reader, tags: Directory) -> None:
        def first(tag: int, default: int) -> int:
            return (reader.numbers(tags.get(tag)) or (default,))[0]

        self.bits = reader.numbers(tags.get(_BITS)) or (1,)
        self.compression = first(_COMPRESSION, _NONE)
        self.photometric = first(_PHOTOMETRIC, 1)
        self.channels = first(_SAMPLES, 1)
        self.format = first(_FORMAT, _UNSIGNED)
        self.inks = first(_INKS, 1)
        self.extra = reader.numbers(tags.get(_EXTRA))
        self.planar = first(_PLANAR, 1) == _SEPARATE
        subsampling = reader.numbers(tags.get(_SUBSAMPLING)) or (2, 2)
        jpeg = self.compression in (_JPEG, _OLD_JPEG)
        self.is_subsampled = not jpeg and self.channels > 1 and subsampling != (1, 1)

    @property
    def is_wide(self) -> bool:
        """Whether Pillow has only single-channel modes for this type of number."""
        return self.channels == 1 and (self.bits[0] == 32 or self.format != _UNSIGNED)

    @property
    def planes_are_read(self) -> bool:
        """Whether Pillow reads separate planes correctly."""
        colours = _COLOURS.get(self.photometric, "")
        if self.compression != _NONE:
            return self.channels > 2
        return set(self.bits) == {8} and (colours, self.channels, self.extra) in _PLANAR_READ

    def __str__(self) -> str:
        number = {_SIGNED: " signed", _FLOAT: " float"}.get(self.format, "")
        colours = _COLOURS.get(self.photometric, "unknown colours")
        white = ", white as zero" if self.photometric == _WHITE_IS_ZERO else ""
        alpha = " with alpha" if any(extra in (1, 2) for extra in self.extra) else ""
        planes = ", channel by channel" if self.planar else ""
        return f"{self.bits[0]}-bit{number} {colours}{alpha}{white}{planes}"


def _described(file: BinaryIO) -> tuple[str, _Kind] | None:
    start = file.tell()
    try:
        reader = Reader(file)
        tags = reader.directory(reader.first)
        return (reader.order, _Kind(reader, tags)) if ExifTags.Base.ImageWidth in tags else None
    except (ValueError, struct.error):
        return None
    finally:
        file.seek(start)


def encoded(image: Image.Image, profile: bytes, metadata: Metadata) -> bytes:
    """Encode an RGB or RGBA image as an uncompressed TIFF.

    Not by Pillow, which would replace letters of EXIF's texts that are not ASCII by question marks.
    """
    order, main, below = parts(metadata.exif)
    pixels = np.asarray(image)
    height, width, channels = pixels.shape
    rows = max(1, min(height, _STRIP // (width * channels)))
    strips = list(_strips(pixels, rows))
    main |= tiff_entries(metadata)
    if metadata.dpi is not None:
        main |= resolution(order, metadata.dpi)
    main |= {
        ExifTags.Base.ImageWidth: numbers(order, 4, width),
        ExifTags.Base.ImageLength: numbers(order, 4, height),
        _BITS: numbers(order, 3, *[8] * channels),
        _COMPRESSION: numbers(order, 3, _NONE),
        _PHOTOMETRIC: numbers(order, 3, 2),
        _SAMPLES: numbers(order, 3, channels),
        _PLANAR: numbers(order, 3, 1),
        _ROWS_PER_STRIP: numbers(order, 4, rows),
        _STRIP_BYTES: numbers(order, 4, *map(len, strips)),
        _STRIP_OFFSETS: numbers(order, 4, *map(len, strips)),  # a placeholder of the right size
        _ICC: Entry(7, len(profile), profile),
    }
    if channels == 4:
        main[_EXTRA] = numbers(order, 3, 2)
    start = len(packed(order, main, below))
    offsets = start + np.cumsum([0, *map(len, strips[:-1])])
    main[_STRIP_OFFSETS] = numbers(order, 4, *map(int, offsets))
    return b"".join([packed(order, main, below), *strips])


def _strips(pixels: NDArray[np.uint8], rows: int) -> Iterator[bytes]:
    for top in range(0, len(pixels), rows):
        yield pixels[top : top + rows].tobytes()
