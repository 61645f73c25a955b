"""Styles in files: NumPy's `.npz`, in which nothing can be executed.

One kind of file holds one style or many: their numbers in stacked arrays, their names and
titles as JSON.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError, OutputError
from impasto.styles.embedding import TEXTS, Style
from impasto.styles.names import SUFFIX
from impasto.system.files import write_file
from impasto.system.paths import label, printable, reason

_ARRAYS = ("vectors", "colour_means", "colour_covariances", "entries")

_LARGEST_FILE = 16_000_000
"""Bytes, packed or unpacked; that is some 9,000 styles. A larger file is none of ours."""


def save(path: Path, styles: Mapping[str, Style], *, overwrite: bool = False) -> None:
    """Writes styles under their names, at least one; the file appears whole or not at all.

    Raises:
        OutputError: the file exists, cannot be written, or would not be known for what it is.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(f"{label(path)}: styles are told by their names; end it in {SUFFIX}")
    entries = [
        {"name": printable(n)} | {text: getattr(style, text) for text in TEXTS}
        for n, style in styles.items()
    ]
    packed = io.BytesIO()
    np.savez(
        packed,
        vectors=np.stack([style.vector for style in styles.values()]),
        colour_means=np.stack([style.colour_mean for style in styles.values()]),
        colour_covariances=np.stack([style.colour_covariance for style in styles.values()]),
        entries=np.frombuffer(json.dumps(entries, ensure_ascii=False).encode(), np.uint8),
    )
    write_file(path, packed.getvalue(), overwrite=overwrite)


def load(path: Path) -> dict[str, Style]:
    """The styles of a file by their names, in the order in which they were saved.

    Raises:
        InputError: the file is missing, unreadable, or no file of styles.
    """
    name = label(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as problem:
        raise InputError(f"{name}: {reason(problem)}") from problem
    try:
        return _unpack(content)
    except InputError as problem:
        raise InputError(f"{name}: {problem}; add the style anew") from problem
    # A hostile archive can make zipfile, NumPy and json raise nearly anything.
    except Exception as problem:
        raise InputError(f"{name}: not a file of styles, or a damaged one") from problem


def _unpack(content: bytes) -> dict[str, Style]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > _LARGEST_FILE:
            raise ValueError("unpacks to more than any file of styles")
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        vectors, means, covariances, entries = (found[key] for key in _ARRAYS)
    texts = json.loads(entries.astype(np.uint8, casting="no").tobytes())
    if not texts:
        raise ValueError("holds no style")
    return {
        _name(text): Style(vector, mean, covariance, **{key: text[key] for key in TEXTS})
        for vector, mean, covariance, text in zip(vectors, means, covariances, texts, strict=True)
    }


def _name(texts: Mapping[str, Any]) -> str:
    """A name fit to be printed on one line."""
    name = texts["name"]
    if not isinstance(name, str) or not name.isprintable():
        raise ValueError("the name is no line of text")
    return name
