"""Directories of tags in EXIF blocks and TIFF files (TIFF 6.0, section 2).

Values stay bytes, so that they are copied exactly. Pillow would decode texts as ASCII and replace
other letters by question marks.
"""

import struct
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

LONG, UNDEFINED = 4, 7
"""Types of a 32-bit number and of bytes."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Size in bytes of each type. BigTIFF's 64-bit types are missing, as no tag needed here has one."""

_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
"""Types of whole numbers, as codes of the module `struct`."""

_LARGEST_VALUE = 1 << 26
"""Bytes; entries with larger values are skipped."""

_LARGEST_FILE = 1 << 48
"""Bytes; larger offsets are refused."""

_MOST_ENTRIES = 4096


class Entry(NamedTuple):
    """A tag's value: its type, how many values there are, and their bytes."""

    type: int
    values: int
    data: bytes


Directory = Mapping[int, Entry]
"""Entries by tag."""


class Reader:
    """Reads directories from a TIFF file, or from an EXIF block after its `Exif\\0\\0`.

    Attributes:
        order: "<" or ">", as the module `struct` writes the order of bytes.
        first: where the first directory starts.

    Raises:
        ValueError: the file does not start like one of these.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = self._bytes(0, 16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not self.order or len(head) < 4:
            raise ValueError("no order of bytes")
        self._big = 43 in struct.unpack("<H", head[2:4]) + struct.unpack(">H", head[2:4])
        self.first = self._number("Q", head[8:]) if self._big else self._number("I", head[4:])

    def directory(self, offset: int) -> dict[int, Entry]:
        """Read the directory at an offset.

        Entries of unknown types, or with values outside the file, are skipped.

        Raises:
            ValueError: there is no directory at the offset.
        """
        width, head = (20, 8) if self._big else (12, 2)
        count = self._number("Q" if self._big else "H", self._bytes(offset, head))
        if count > _MOST_ENTRIES:
            raise ValueError("too many entries")
        table = self._bytes(offset + head, count * width)
        entries: dict[int, Entry] = {}
        for start in range(0, count * width, width):
            tag, entry = self._entry(table[start : start + width])
            if entry is not None:
                entries.setdefault(tag, entry)
        return entries

    def numbers(self, entry: Entry | None) -> tuple[int, ...]:
        """Return the values of an entry, or () if they are not whole numbers."""
        letter = None if entry is None else _NUMBERS.get(entry.type)
        if entry is None or letter is None:
            return ()
        return struct.unpack(f"{self.order}{entry.values}{letter}", entry.data)

    def _entry(self, line: bytes) -> tuple[int, Entry | None]:
        tag, kind = self._number("H", line), self._number("H", line[2:])
        inline = 8 if self._big else 4
        count = self._number("Q" if self._big else "I", line[4:])
        size = count * _SIZES.get(kind, 0)
        place = line[-inline:]
        if not 0 < size <= _LARGEST_VALUE:
            return tag, None
        try:
            data = (
                place[:size]
                if size <= inline
                else self._bytes(self._number("Q" if self._big else "I", place), size)
            )
        except ValueError:
            return tag, None
        return tag, Entry(kind, count, data)

    def _bytes(self, offset: int, size: int) -> bytes:
        if max(offset, size) > _LARGEST_FILE:
            raise ValueError("beyond the end")
        self._file.seek(offset)
        data = self._file.read(size)
        if len(data) < size and offset:  # the head may be shorter
            raise ValueError("cut short")
        return data

    def _number(self, letter: str, data: bytes) -> int:
        size = struct.calcsize(letter)
        if len(data) < size:
            raise ValueError("cut short")
        return int(struct.unpack(self.order + letter, data[:size])[0])


def numbers(order: str, kind: int, *values: int) -> Entry:
    """Build an entry of whole numbers."""
    return Entry(kind, len(values), struct.pack(f"{order}{len(values)}{_NUMBERS[kind]}", *values))


def packed(order: str, main: Directory, below: Mapping[int, Directory]) -> bytes:
    """Build a block from the main directory and those that it points to.

    Args:
        order: of the bytes, as `Reader.order`; all values are stored in it.
        main: the first directory.
        below: other directories, by the tag of the main one that points to them.
    """
    below = {tag: entries for tag, entries in below.items() if entries}
    start = 8
    pointers = dict.fromkeys(below, numbers(order, LONG, 0))
    offset = start + len(_placed(order, {**main, **pointers}, start))
    parts = []
    for tag, entries in below.items():
        pointers[tag] = numbers(order, LONG, offset)
        parts.append(_placed(order, entries, offset))
        offset += len(parts[-1])
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    return b"".join([head, _placed(order, {**main, **pointers}, start), *parts])


def _placed(order: str, entries: Directory, offset: int) -> bytes:
    """Build a directory that starts at an offset, followed by its values."""
    values = offset + 2 + 12 * len(entries) + 4
    lines, data = [], b""
    for tag, entry in sorted(entries.items()):
        place = entry.data.ljust(4, b"\0")
        if len(place) > 4:
            place = struct.pack(f"{order}I", values + len(data))
            data += entry.data + b"\0" * (len(entry.data) % 2)  # values start at even offsets
        lines.append(struct.pack(f"{order}HHI", tag, entry.type, entry.values) + place)
    count = struct.pack(f"{order}H", len(entries))
    return count + b"".join(lines) + bytes(4) + data
