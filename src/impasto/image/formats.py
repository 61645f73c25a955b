"""Recognize picture formats by their first bytes, and give advice on those that are not supported.

The bytes decide, not the suffix: phones and chat programs rename HEIC to .jpg. The exception are
camera RAW files: most are TIFF inside, and Pillow would open the thumbnail.
"""

import importlib
import re
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from impasto.errors import InputError
from impasto.image import png, tiff

HEAD_BYTES = 4096

_READS = "impasto reads JPEG, PNG, WebP, AVIF, TIFF, BMP, GIF, JPEG 2000, PPM and TGA"

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
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    *((b"P" + digit + space, "PPM") for digit in (b"1", b"2", b"3", b"4", b"5", b"6")
      for space in (b" ", b"\t", b"\n", b"\r")),
)  # fmt: skip

_TGA = {".tga", ".icb", ".vda", ".vst"}
"""Suffixes of TGA, which has no signature."""

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {
    b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs",
    b"mif1", b"mif2", b"msf1",
}  # fmt: skip
_COMMON_BRANDS = {b"mif1", b"mif2", b"msf1"}
"""Brands of both AVIF and HEIC; the other brands decide."""

# Formats that Pillow reads only in newer versions, in some builds or with a plug-in.
_MISSING_READER = {
    "AVIF": "AVIF needs Pillow 11.3 or newer: pip install -U pillow, or convert it to JPEG",
    "HEIF": "HEIC needs the pillow-heif package: pip install pillow-heif, or convert it to JPEG",
    "JPEG2000": "this Pillow is built without JPEG 2000; convert it to PNG",
}

# Formats that are not supported, by their first bytes.
_OTHERS = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"II\xbc", "JPEG XR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
    (b"P7\n", "PAM"),
    (b"\0\0\1\0", "ICO"),
    (b"icns", "ICNS"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"BPG\xfb", "BPG"),
    (b"FLIF", "FLIF"),
    (b"SIMPLE  =", "FITS"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"AT&TFORM", "DjVu"),
)

_RAW = "camera RAW is not supported; convert it to JPEG or TIFF first"
_DRAWING = "vector drawings are not supported; export it as PNG first"
_DOCUMENT = "documents are not supported; export the page as PNG first"
_PROJECT = "project files of editors are not supported; export it as PNG first"
_VIDEO = "videos are not supported; save a frame as PNG first"

_ADVICE = {
    **dict.fromkeys((".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2"), _RAW),
    **dict.fromkeys((".dng", ".orf", ".rw2", ".raf", ".pef", ".srw", ".raw", ".3fr"), _RAW),
    **dict.fromkeys((".svg", ".svgz"), _DRAWING),
    **dict.fromkeys((".pdf", ".eps", ".ps", ".ai"), _DOCUMENT),
    **dict.fromkeys((".psd", ".psb", ".xcf", ".kra", ".ora", ".afphoto", ".procreate"), _PROJECT),
    **dict.fromkeys((".mp4", ".mov", ".avi", ".mkv", ".webm"), _VIDEO),
}


def identify(head: bytes, path: Path, name: str) -> str:
    """Find Pillow's name for the format of a file.

    Args:
        head: the first `HEAD_BYTES` of the file, or all of a shorter one.
        path: of the file; the suffix tells RAW and improves the advice.
        name: for messages.

    Raises:
        InputError: the file is empty, or its format is not supported.
    """
    if not head:
        raise InputError(f"{name}: the file is empty; get a fresh copy")
    suffix = path.suffix.lower()
    kind = None if _ADVICE.get(suffix) == _RAW else _sniff(head)
    if kind is None and suffix in _TGA and _advice(head) is None:
        kind = "TGA"
    if kind is None:
        advice = _ADVICE.get(suffix) or _advice(head) or f"not a picture; {_READS}"
        raise InputError(f"{name}: {advice}")
    return kind


def open_as(file: BinaryIO, kind: str, name: str) -> Image.Image:
    """Open a picture with Pillow's reader for its format, without decoding it.

    Raises:
        InputError: Pillow lacks the reader, or does not read this kind of the format correctly.
        Exception: any error of Pillow for a damaged file.
    """
    if kind == "HEIF":
        _register_heif()
    examine = {"TIFF": tiff.unread_kind, "JPEG": _jpeg_kind}.get(kind)
    if examine is not None and (unread := examine(file)) is not None:
        raise _unread(name, kind, unread)
    profile = None
    if kind == "PNG":
        file, profile = png.prepared(file)
    try:
        image = Image.open(file, formats=[kind])
    except (KeyError, UnidentifiedImageError) as error:  # KeyError: no reader of this name
        if kind in _MISSING_READER:
            raise InputError(f"{name}: {_MISSING_READER[kind]}") from error
        if kind == "TIFF" and (unread := tiff.kind_of(file)) is not None:
            raise _unread(name, kind, unread) from error
        raise
    if profile is not None:
        image.info["icc_profile"] = profile
    return image


def is_unsupported(error: Exception) -> bool:
    """Tell whether Pillow's error says that it does not support a kind of file.

    It may say so of a damaged file, too.
    """
    return bool(re.search("unsupported|not supported|cannot handle", str(error), re.IGNORECASE))


def _unread(name: str, kind: str, what: str) -> InputError:
    return InputError(
        f"{name}: this kind of {kind} is not supported ({what}); export it with 8 bits a channel, "
        "or as PNG"
    )


_JPEG_KINDS = {
    0xC3: "lossless", 0xF7: "JPEG-LS", **dict.fromkeys((0xC5, 0xC6, 0xC7), "hierarchical"),
    **dict.fromkeys((0xCB, 0xCD, 0xCE, 0xCF), "arithmetic coding, lossless or hierarchical"),
}  # fmt: skip
"""Frames that Pillow does not read, by their markers."""

_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
"""Markers of the other frames."""

_MOST_SEGMENTS = 1000


def _jpeg_kind(file: BinaryIO) -> str | None:
    """Say how the frame of a JPEG is encoded, if Pillow does not read it; else None."""
    start = file.tell()
    position = start + 2
    kind = None
    for _ in range(_MOST_SEGMENTS):
        file.seek(position)
        head = file.read(5)
        if len(head) < 5 or head[0] != 0xFF or head[1] in _FRAMES:
            bits = head[4] if len(head) == 5 and head[0] == 0xFF else 8
            kind = None if bits == 8 else f"{bits}-bit"
            break
        if head[1] in _JPEG_KINDS:
            kind = _JPEG_KINDS[head[1]]
            break
        position += 2 + int.from_bytes(head[2:4], "big")
    file.seek(start)
    return kind


def _sniff(head: bytes) -> str | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return _sniff_brands(head) if head[4:8] == b"ftyp" else None


def _sniff_brands(head: bytes) -> str | None:
    """Tell AVIF from HEIF by the brands of a file in ISO's container (ISO/IEC 14496-12, 4.3)."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = [major, *(head[start : start + 4] for start in range(16, size - 3, 4))]
    if major in _COMMON_BRANDS:
        specific = [brand for brand in brands if brand not in _COMMON_BRANDS]
        brands = [b for b in specific if b in _AVIF_BRANDS | _HEIF_BRANDS] or [major]
    if brands[0] in _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands[0] in _HEIF_BRANDS else None


def _advice(head: bytes) -> str | None:
    """Give advice by content, as a suffix may be missing or wrong."""
    if head.startswith((b"%PDF", b"%!PS")):
        return _DOCUMENT
    if b"<svg" in head:
        return _DRAWING
    if head.startswith((b"8BPS", b"gimp xcf", b"PK\3\4")):
        return _PROJECT
    if head[4:8] == b"ftyp" or head.startswith(b"\x1a\x45\xdf\xa3") or head[8:12] == b"AVI ":
        return _VIDEO
    named = next((what for signature, what in _OTHERS if head.startswith(signature)), None)
    return None if named is None else f"{named} is not supported; convert it to PNG or TIFF first"


def _register_heif() -> None:
    """Register the plug-in for HEIC, if it is installed; opening the file reports if not."""
    try:
        plugin = importlib.import_module("pillow_heif")
    except ImportError:
        return
    plugin.register_heif_opener()
