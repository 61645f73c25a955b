"""Remove texts and profiles from PNG files that Pillow would refuse.

Pillow treats a text or a colour profile above 1 MiB as an attack. Some programs write them:
workflows of ComfyUI, histories of Photoshop, profiles of printers.
"""

import io
import struct
import zlib
from typing import BinaryIO, NamedTuple

_SIGNATURE = 8
"""Bytes before the first chunk."""

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")

_USED = (
    b"XML:com.adobe.xmp",
    b"Raw profile type exif",
    b"Raw profile type APP1",
    b"Raw profile type iptc",
    b"Raw profile type APP13",
    b"Raw profile type xmp",
)
"""The texts that `metadata` reads."""

_LARGEST_TEXT = 1 << 20
"""Bytes, compressed or not; Pillow's limit."""

_LARGEST_PROFILE = 1 << 24


class Prepared(NamedTuple):
    """A file for Pillow, and the colour profile that was removed from it, if any."""

    file: BinaryIO
    profile: bytes | None


def prepared(file: BinaryIO) -> Prepared:
    """Remove texts that are not read or too long, and profiles that are too long.

    The file itself is returned if there are none. Damage is not repaired.
    """
    start = file.tell()
    parts: list[tuple[int, int]] = []
    profile = None
    texts: set[bytes] = set()
    position = start + _SIGNATURE
    left_out = False
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        end = position + length + 12
        keep = True
        if kind in _TEXTS:
            keyword = file.read(80).partition(b"\0")[0]
            keep = keyword in _USED and keyword not in texts
            file.seek(position + 8)
            keep = keep and length <= _LARGEST_TEXT and _is_short(kind, file.read(length))
            texts.add(keyword)
        elif kind == b"iCCP" and length <= _LARGEST_PROFILE:
            large = _unpacked_profile(file.read(length))
            keep = len(large) <= _LARGEST_TEXT
            profile = profile if keep else large
        left_out = left_out or not keep
        if keep:
            parts.append((position, end))
        if kind == b"IEND":
            break
        position = end
    file.seek(start)
    if not left_out:
        return Prepared(file, None)
    joined = io.BytesIO(file.read(_SIGNATURE))
    joined.seek(0, io.SEEK_END)
    for begin, end in parts:
        file.seek(begin)
        joined.write(file.read(end - begin))
    joined.seek(0)
    return Prepared(joined, profile)


def _is_short(kind: bytes, data: bytes) -> bool:
    """Tell whether a text is short enough for Pillow."""
    _, _, rest = data.partition(b"\0")
    if kind == b"tEXt" or (kind == b"iTXt" and rest[:1] == b"\0"):
        return True
    packed = rest[1:]  # behind the compression method
    if kind == b"iTXt":  # behind a language and a translated keyword, too
        packed = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return len(_unpacked(packed, _LARGEST_TEXT + 1)) <= _LARGEST_TEXT


def _unpacked_profile(data: bytes) -> bytes:
    _, _, rest = data.partition(b"\0")
    return _unpacked(rest[1:], _LARGEST_PROFILE)


def _unpacked(packed: bytes, most: int) -> bytes:
    """Decompress at most so many bytes; return none if the data are damaged."""
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""
