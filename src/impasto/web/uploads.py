"""Uploaded pictures and styles; they are examined before anything is decoded."""

from pathlib import Path, PurePosixPath
from typing import BinaryIO

from impasto.errors import InputError
from impasto.image import files
from impasto.image.files import Picture
from impasto.styles import storage
from impasto.styles.embedding import Style
from impasto.styles.names import SUFFIX
from impasto.system.paths import printable

_LONGEST_NAME = 64


class Upload:
    """An uploaded file.

    Args:
        file: with its bytes; `close` closes it.
        name: given by the sender; it is never used as a path.
        field: what messages call the file if it has no name.
    """

    def __init__(self, file: BinaryIO, name: str, field: str) -> None:
        self._file = file
        self.name = plain_name(name) or field

    def read(self) -> bytes:
        """Read all bytes."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def is_style(self) -> bool:
        """Whether it is a style file, as `impasto.save_style` writes it."""
        return self.name.lower().endswith(SUFFIX)

    def examine(self, max_pixels: int) -> tuple[str, tuple[int, int]]:
        """Read Pillow's name of the format and the (width, height) from the picture's header.

        Raises:
            InputError: the file is not a picture, or it is too small or larger than `max_pixels`.
        """
        self._file.seek(0)
        return files.examine(self._file, self.name, max_pixels=max_pixels)

    def picture(self, max_pixels: int) -> Picture:
        """Decode the picture.

        Raises:
            InputError: as `image.files.load`.
        """
        return files.load(self, max_pixels=max_pixels)  # type: ignore[arg-type]  # `load` only reads it

    def style(self) -> Style:
        """Read the style, or the first of several.

        Raises:
            InputError: the file is not a style file.
        """
        try:
            return next(iter(storage.StyleFile(Path(self.name), self.read()).values()))
        except InputError:
            raise
        except Exception as problem:  # a hostile archive can raise nearly any error
            raise InputError(f"{self.name}: not a file of styles, or a damaged one") from problem


def plain_name(name: str) -> str:
    """Remove the folders and everything unprintable from a name, so that it fits on one line."""
    last = PurePosixPath(name.replace("\\", "/")).name
    if not last.strip("."):
        return ""
    stem, dot, suffix = printable(last).rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{suffix[:_LONGEST_NAME]}"
