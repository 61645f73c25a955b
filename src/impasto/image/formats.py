"""Which picture formats are read, told apart by their first bytes; advice for the others.

The bytes decide, not the suffix: phones and chat programs rename HEIC to .jpg. The one
exception are camera RAW files. Most are TIFF inside, and Pillow would open the thumbnail.
"""

import importlib
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from impasto.errors import InputError

HEAD_BYTES = 64

_READS = "impasto reads JPEG, PNG, WebP, TIFF, BMP and GIF"

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
)

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}

# Formats that Pillow reads only with a newer version or a plug-in.
_MISSING_READER = {
    "AVIF": "AVIF needs Pillow 11.3 or newer: pip install -U pillow, or convert it to JPEG",
    "HEIF": "HEIC needs the pillow-heif package: pip install pillow-heif, or convert it to JPEG",
}

_RAW = "camera RAW is not read; develop it to JPEG or TIFF first"
_DRAWING = "a drawing has no pixels yet; export it as PNG first"
_DOCUMENT = "a document is not a picture; export the page as PNG first"
_PROJECT = "an editor's project file is not read; export it as PNG first"
_VIDEO = "a video is not read; save one frame of it as PNG first"

_ADVICE = {
    **dict.fromkeys((".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2"), _RAW),
    **dict.fromkeys((".dng", ".orf", ".rw2", ".raf", ".pef", ".srw", ".raw", ".3fr"), _RAW),
    **dict.fromkeys((".svg", ".svgz"), _DRAWING),
    **dict.fromkeys((".pdf", ".eps", ".ps", ".ai"), _DOCUMENT),
    **dict.fromkeys((".psd", ".psb", ".xcf", ".kra", ".afphoto"), _PROJECT),
    **dict.fromkeys((".mp4", ".mov", ".avi", ".mkv", ".webm"), _VIDEO),
}


def identify(head: bytes, path: Path, name: str) -> str:
    """Pillow's name of the format of a file.

    Args:
        head: the first `HEAD_BYTES` of the file, or all of a shorter one.
        path: where it lies; the suffix recognises RAW and improves the advice.
        name: the path as messages show it.

    Raises:
        InputError: the file is empty or of a format that is not read.
    """
    if not head:
        raise InputError(f"{name}: the file is empty; get a fresh copy of it")
    suffix = path.suffix.lower()
    kind = None if _ADVICE.get(suffix) == _RAW else _sniff(head)
    if kind is None:
        advice = _ADVICE.get(suffix) or _advice(head) or f"not a picture; {_READS}"
        raise InputError(f"{name}: {advice}")
    return kind


def open_as(file: BinaryIO, kind: str, name: str) -> Image.Image:
    """Open a picture with the one reader for its format; nothing is decoded yet.

    Raises:
        InputError: Pillow lacks the reader.
        Exception: whatever Pillow raises on a broken file.
    """
    if kind == "HEIF":
        _register_heif()
    try:
        return Image.open(file, formats=[kind])
    except (KeyError, UnidentifiedImageError) as error:  # KeyError: no reader of this name
        if kind in _MISSING_READER:
            raise InputError(f"{name}: {_MISSING_READER[kind]}") from error
        raise


def _sniff(head: bytes) -> str | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS:
        return "AVIF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "HEIF"
    return None


def _advice(head: bytes) -> str | None:
    """Advice by content, for a file whose suffix says nothing or lies."""
    if head.startswith((b"%PDF", b"%!PS")):
        return _DOCUMENT
    if b"<svg" in head:
        return _DRAWING
    if head.startswith(b"8BPS"):
        return _PROJECT
    return None


def _register_heif() -> None:
    """Teach Pillow HEIC when the plug-in is installed; otherwise opening the file explains."""
    try:
        plugin = importlib.import_module("pillow_heif")
    except ImportError:
        return
    plugin.register_heif_opener()
