"""Files that Pillow reads but does not write: interlaced and 16-bit PNG, YCCK JPEG, odd EXIF."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

SIZE = WIDTH, HEIGHT = 40, 24

QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
"""The colours of the picture: red and green above, blue and white below."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of each colour type of PNG: grey, RGB, palette, grey with alpha, RGB with alpha."""

_ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1)]  # fmt: skip
"""First row and column of each pass of an interlaced PNG, and the steps down and across."""


def quarters() -> Image.Image:
    """The picture that the corpus is made of."""
    pixels = QUARTERS.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    """The bytes of the image in a format, by Pillow's name for it."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(size: tuple[int, int], depth: int, colour: int, interlaced: bool = False) -> bytes:
    """The start of a PNG file."""
    described = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", described)


def png(depth: int, colour: int, interlaced: bool) -> bytes:
    """The quarters as a PNG of any colour type and of 1 to 16 bits a channel.

    A palette has the four colours in the order of their quarters; alpha is opaque.
    """
    channels = _CHANNELS[colour]
    if colour == 3:
        samples = np.array([[0, 1], [2, 3]])[..., None]
        palette = chunk(b"PLTE", QUARTERS.tobytes())
    else:
        rgba = np.dstack([QUARTERS, np.full((2, 2), 255)])
        grey = np.dstack([np.asarray(Image.fromarray(QUARTERS).convert("L")), rgba[..., 3]])
        scaled = (grey if channels < 3 else rgba)[..., :channels] / 255
        samples, palette = np.rint(scaled * (2**depth - 1)).astype(int), b""
    samples = samples.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1)
    passes = _ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = b"".join(
        b"\0" + _packed(row, depth)
        for top, left, down, across in passes
        for row in samples[top::down, left::across]
        if row.size
    )
    header = png_header(SIZE, depth, colour, interlaced)
    return header + palette + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _packed(row: np.ndarray, depth: int) -> bytes:
    bits = (row.reshape(-1, 1) >> np.arange(depth)[::-1]) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


def ycck_jpeg() -> bytes:
    """The quarters as Adobe's programs write them for the press: inverted, in YCbCr and black.

    Pillow writes inverted CMYK, marked as such in the last byte of Adobe's segment. Here the inks
    are put in as YCbCr and the mark is changed.
    """
    cyan, magenta, yellow, black = quarters().convert("CMYK").split()
    ycc = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split()
    inks = Image.merge("CMYK", (*map(ImageOps.invert, ycc), black))
    jpeg = bytearray(encoded(inks, "JPEG", quality=100))
    jpeg[jpeg.index(b"Adobe") + 11] = 2
    return bytes(jpeg)


def without_segment(jpeg: bytes, name: bytes) -> bytes:
    """A JPEG without the segment that starts with that name."""
    start = jpeg.index(name) - 4
    (length,) = struct.unpack(">H", jpeg[start + 2 : start + 4])
    return jpeg[:start] + jpeg[start + 2 + length :]


def exif(*entries: tuple[int, int, int, bytes], following: int = 0) -> bytes:
    """An EXIF block.

    Args:
        entries: tag, type, count, and four bytes: a value, or the offset of one.
        following: the offset of a second directory.
    """
    fields = b"".join(struct.pack(">HHI4s", *entry) for entry in entries)
    directory = struct.pack(">H", len(entries)) + fields + struct.pack(">I", following)
    return b"Exif\0\0MM\0*\0\0\0\x08" + directory


def orientation(value: int) -> bytes:
    """An EXIF block that says which way is up."""
    return exif((0x0112, 3, 1, struct.pack(">HH", value, 0)))


def tiff_entry(tiff: bytes, tag: int) -> int:
    """Where the entry of a tag, of 12 bytes, lies in the first directory of a TIFF."""
    (directory,) = struct.unpack("<I", tiff[4:8])
    (count,) = struct.unpack("<H", tiff[directory : directory + 2])
    places = range(directory + 2, directory + 2 + 12 * count, 12)
    return next(p for p in places if struct.unpack("<H", tiff[p : p + 2]) == (tag,))
