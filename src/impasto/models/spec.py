"""The specification in a model file, read without loading the network.

`training.export` writes it into the metadata of an ONNX file, as pairs of texts. It has everything
that a program must know to run the network. So another network needs another file, and no change of
code.
"""

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.system.paths import display_path, os_error_message

Kind = Literal["painter", "style-encoder", "content-statistics"]
"""What a network does: it paints a photo, encodes a picture as a style vector, or measures the
features of a photo so that it can be painted in tiles."""

PREFIX = "impasto."
"""Prefix of the metadata keys of a `ModelSpec`."""

_METADATA, _KEY, _VALUE = 14, 1, 2
"""Field numbers of `ModelProto.metadata_props` and of its entries; see onnx.proto."""

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
"""Wire types of protocol buffers."""

_LARGEST_ENTRY = 1 << 20
"""Bytes; longer entries are refused."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Everything that must be known of a network to run it.

    Attributes:
        name: of the network, such as "painter".
        kind: what it does.
        stride: sides of pictures must be multiples of this, in pixels.
        halo: pixels along a tile's inner border that the border distorts.
        bytes_per_pixel: memory for each pixel of the picture or tile.
        work_side: long side in pixels at which its strokes suit a whole picture; 0 for any.
        detail_side: largest long side in pixels at which it paints over its own enlarged painting
            in finer strokes; 0 for never.
        style_size: numbers in a style vector.
        style_space: the painter whose style vectors it reads; vectors of two spaces do not mix.
        channels: normalised channels whose statistics tiles share.
        style_encoder: name of the file beside this one that encodes pictures as style vectors; ""
            if there is none.
        content_statistics: name of the file beside this one that measures a photo's features; ""
            if there is none, and tiles then use the statistics of a reduced copy.
        photo_vector: base64 of the float16 style vector that leaves a photo as it is, or "".
        licence: of the weights.
        fingerprint: of the weights; files exported together share it.
        min_side: smallest side of a picture in pixels.
    """

    name: str
    kind: Kind
    stride: int
    halo: int = 0
    bytes_per_pixel: int = 0
    work_side: int = 0
    detail_side: int = 0
    style_size: int = 0
    style_space: str = ""
    channels: int = 0
    style_encoder: str = ""
    content_statistics: str = ""
    photo_vector: str = ""
    licence: str = "MIT"
    fingerprint: str = ""
    min_side: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "min_side", 3 * self.stride)

    @classmethod
    def read(cls, path: Path) -> "ModelSpec":
        """Read the specification in an ONNX file.

        Raises:
            InputError: the file cannot be read, or lacks a specification of this version.
        """
        try:
            with path.open("rb") as file:
                metadata = dict(_metadata(file))
        except (OSError, ValueError) as problem:
            if isinstance(problem, OSError):
                raise InputError(f"{display_path(path)}: {os_error_message(problem)}") from problem
            raise InputError(
                f"{display_path(path)}: damaged, or not an ONNX file; get a fresh copy"
            ) from problem
        try:
            return cls.from_metadata(metadata)
        except (KeyError, ValueError) as problem:
            raise InputError(
                f"{display_path(path)}: not a model of this version of impasto; export it again"
            ) from problem

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "ModelSpec":
        """Build a specification from the metadata of a file.

        Raises:
            KeyError, ValueError: an entry is missing or invalid.
        """
        texts = {entry.name: metadata[PREFIX + entry.name] for entry in fields(cls) if entry.init}
        numbers = {entry.name for entry in fields(cls) if entry.init and entry.type is int}
        counts = {name: int(texts[name]) for name in numbers}
        spec = cls(**texts | counts)  # type: ignore[arg-type]
        if spec.kind not in get_args(Kind) or spec.stride < 1 or min(counts.values()) < 0:
            raise ValueError(f"no such model: {spec}")
        return spec

    def to_metadata(self) -> dict[str, str]:
        """Convert to the entries of a file's metadata."""
        return {
            PREFIX + entry.name: str(getattr(self, entry.name))
            for entry in fields(self)
            if entry.init
        }

    def photo_style(self) -> NDArray[np.float32] | None:
        """Decode `photo_vector`; None if it is empty.

        Returns:
            (style_size,).
        """
        if not self.photo_vector:
            return None
        return np.frombuffer(base64.b64decode(self.photo_vector), np.float16).astype(np.float32)


def _metadata(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield the metadata of an ONNX file, skipping the network.

    Raises:
        ValueError: the file is damaged or of another kind.
    """
    for number, size in _entries(file):
        if number != _METADATA:
            file.seek(size, 1)
            continue
        if size > _LARGEST_ENTRY:
            raise ValueError("too long an entry")
        entry = io.BytesIO(file.read(size))
        texts = {part: entry.read(length).decode() for part, length in _entries(entry)}
        yield texts.get(_KEY, ""), texts.get(_VALUE, "")


def _entries(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield the number and size of each delimited field, with the file at its content."""
    while (tag := _varint(file)) is not None:
        wire = tag & 7
        if wire == _VARINT:
            _varint(file)
        elif wire in (_FIXED32, _FIXED64):
            file.seek(4 if wire == _FIXED32 else 8, 1)
        elif wire == _DELIMITED and (size := _varint(file)) is not None:
            yield tag >> 3, size
        else:
            raise ValueError("not a protocol buffer")


def _varint(file: BinaryIO) -> int | None:
    """Read a number, seven bits a byte; None at the end of the file."""
    number = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return None
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return number
    raise ValueError("not a number")
