"""Suffixes of pictures and their formats: the only list of them."""

from collections.abc import Container
from pathlib import Path

from impasto.system.paths import is_hidden

_PLAIN = {
    ".png": "PNG",
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".webp": "WEBP",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".bmp": "BMP",
}

OUTPUT_FORMATS = {**_PLAIN, ".avif": "AVIF"}
"""Pillow's names of the formats of paintings, by suffix in lower case."""

FORMATS = {
    **OUTPUT_FORMATS,
    **dict.fromkeys((".jif", ".mpo"), "JPEG"),  # MPO is several JPEGs in one file
    ".apng": "PNG",
    ".dib": "BMP",
    ".gif": "GIF",
    ".avifs": "AVIF",
    **dict.fromkeys((".heic", ".heics", ".heif", ".heifs", ".hif"), "HEIF"),
    **dict.fromkeys((".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c"), "JPEG2000"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "PPM"),
    ".tga": "TGA",
}
"""Pillow's names of the formats of pictures, by suffix in lower case."""

SPELT = {"WEBP": "WebP", "JPEG2000": "JPEG 2000", "HEIF": "HEIC"}
"""Names of formats in messages, where they differ from Pillow's."""

PICTURES = FORMATS.keys()
"""Suffixes of pictures; some formats may need another package or hold several pictures."""

PLAIN_PICTURES = _PLAIN.keys() | {".jif", ".dib"}
"""Suffixes of formats that every Pillow reads, with a single picture."""


def pictures_in(folder: Path, suffixes: Container[str] = PICTURES) -> list[Path]:
    """List the files of a folder that have a suffix of pictures, sorted.

    Raises:
        OSError: the folder cannot be read.
    """
    files = (path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    return sorted(path for path in files if not is_hidden(path))
