"""Which files are pictures by their names."""

from collections.abc import Container
from pathlib import Path

from impasto.system.paths import is_hidden

PLAIN_PICTURES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib",
}  # fmt: skip
"""Suffixes, in lower case, of pictures that can be read wherever impasto runs."""

PICTURES = PLAIN_PICTURES | {
    ".gif", ".apng", ".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif",
    ".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".mpo",
}  # fmt: skip
"""The same, and of those that may need another package or show more than one picture."""


def pictures_in(folder: Path, suffixes: Container[str] = PICTURES) -> list[Path]:
    """Return the files of a folder that are pictures by their names, sorted.

    Raises:
        OSError: the folder cannot be read.
    """
    files = (path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    return sorted(path for path in files if not is_hidden(path))
