"""Files of styles: NumPy's `.npz`, which cannot hold code.

A file holds one style or many. The vectors of a style space are stacked in one array,
`vectors-SPACE`. Names, titles and each style's row in these arrays are JSON. The first version of
the format, with one array `vectors` and the space beside the titles, can be read, too.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, OutputError
from impasto.styles.embedding import TEXTS, Style
from impasto.styles.names import SUFFIX
from impasto.system.files import write_file
from impasto.system.paths import display_path, os_error_message, printable

_COLOURS = ("colour_means", "colour_covariances")

_VECTORS = "vectors"
"""Prefix of the names of arrays of style vectors."""

_SPACE = re.compile(r"[\w-]{1,64}")

_LARGEST_FILE = 64_000_000
"""Bytes, compressed or not: thousands of styles. Larger files are refused."""


class StyleFile(Mapping[str, Style]):
    """The styles of a file by name, each built and checked when it is looked up.

    Args:
        path: of the file, for messages.
        content: its bytes.

    Raises:
        Exception: any error, if it is not a file of styles.
    """

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST_FILE:
                raise ValueError("unpacks to more than any file of styles")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            self._arrays = {key: arrays[key] for key in arrays.files}
        entries = json.loads(self._arrays["entries"].astype(np.uint8, casting="no").tobytes())
        self._entries = {_printable_name(entry): (row, entry) for row, entry in enumerate(entries)}
        if len(self._entries) != len(entries) or not entries:
            raise ValueError("holds no style, or two of one name")
        if any(len(self._arrays[key]) != len(entries) for key in _COLOURS):
            raise ValueError("holds more styles than names, or fewer")

    def __getitem__(self, name: str) -> Style:
        row, entry = self._entries[name]
        try:
            means, covariances = (self._arrays[key] for key in _COLOURS)
            texts = {text: entry[text] for text in TEXTS}
            return Style(self._vectors(row, entry), means[row], covariances[row], **texts)
        except InputError as problem:
            raise InputError(
                f"{display_path(self._path)}: {problem}; make the style again from its picture"
            ) from problem
        except Exception as problem:  # any error of NumPy for wrong arrays
            raise _no_styles(self._path) from problem

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _vectors(self, row: int, entry: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
        if "rows" not in entry:  # the first version of the format
            return {_space(entry["encoder"]): self._arrays[_VECTORS][row]}
        arrays = self._arrays
        return {_space(s): arrays[f"{_VECTORS}-{s}"][int(r)] for s, r in entry["rows"].items()}


def save(path: Path, styles: Mapping[str, Style], *, overwrite: bool = False) -> None:
    """Write at least one style by name; the file appears whole or not at all.

    Raises:
        OutputError: the file exists, cannot be written, or has another suffix.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(f"{display_path(path)}: style files must end in {SUFFIX}")
    vectors: dict[str, list[NDArray[np.float32]]] = {}
    entries = []
    for name, style in styles.items():
        rows = {}
        for space, vector in style.vectors.items():
            stack = vectors.setdefault(space, [])
            rows[space] = len(stack)
            stack.append(vector)
        texts = {text: getattr(style, text) for text in TEXTS}
        entries.append({"name": printable(name), "rows": rows} | texts)
    arrays: dict[str, Any] = {
        "colour_means": np.stack([style.colour_mean for style in styles.values()]),
        "colour_covariances": np.stack([style.colour_covariance for style in styles.values()]),
        "entries": np.frombuffer(json.dumps(entries, ensure_ascii=False).encode(), np.uint8),
    }
    arrays |= {f"{_VECTORS}-{space}": np.stack(stack) for space, stack in vectors.items()}
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    write_file(path, packed.getvalue(), overwrite=overwrite)


def load(path: Path) -> StyleFile:
    """Open a file of styles, in the order in which they were saved.

    Raises:
        InputError: the file is missing, unreadable, or not a file of styles. An invalid style
            raises it only when it is looked up.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as problem:
        raise InputError(f"{display_path(path)}: {os_error_message(problem)}") from problem
    try:
        return StyleFile(path, content)
    # A hostile archive can make zipfile, NumPy and json raise nearly any error.
    except Exception as problem:
        raise _no_styles(path) from problem


def _no_styles(path: Path) -> InputError:
    return InputError(f"{display_path(path)}: not a file of styles, or a damaged one")


def _printable_name(entry: Mapping[str, Any]) -> str:
    """Read a name and check that it is one printable line."""
    name = entry["name"]
    if not isinstance(name, str) or not name.isprintable():
        raise ValueError("the name is no line of text")
    return name


def _space(text: str) -> str:
    """Check the name of a style space."""
    if not _SPACE.fullmatch(text):
        raise ValueError("not the name of a style space")
    return text
