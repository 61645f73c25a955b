"""Suffixes of pictures."""

from collections.abc import Container
from pathlib import Path

from impasto.system.paths import is_hidden

PLAIN_PICTURES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib",
}  # fmt: skip
"""Suffixes, in lower case, of formats that every Pillow reads."""

PICTURES = PLAIN_PICTURES | {
    ".gif", ".apng", ".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif",
    ".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".mpo",
}  # fmt: skip
"""These, and suffixes of formats that may need another package or hold several pictures."""


def pictures_in(folder: Path, suffixes: Container[str] = PICTURES) -> list[Path]:
    """List the files of a folder that have a suffix of pictures, sorted.

    Raises:
        OSError: the folder cannot be read.
    """
    files = (path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    return sorted(path for path in files if not is_hidden(path))
