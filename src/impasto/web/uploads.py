"""Pictures and styles that were sent: examined before anything is decoded, and never unpacked."""

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
    """A file that was sent.

    Args:
        file: its bytes; `close` closes it.
        name: that the sender gave it, which is never taken for a path.
        field: what messages call it where it has no name.
    """

    def __init__(self, file: BinaryIO, name: str, field: str) -> None:
        self._file = file
        self.name = plain_name(name) or field

    def read(self) -> bytes:
        """Read all of it."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    @property
    def is_style(self) -> bool:
        """Whether it is a file of a style, as `impasto.save_style` writes it."""
        return self.name.lower().endswith(SUFFIX)

    def examine(self, max_pixels: int) -> tuple[str, tuple[int, int]]:
        """Find Pillow's name of the picture's format and its (width, height), from its header.

        Raises:
            InputError: it is no picture, too small, or larger than `max_pixels`.
        """
        self._file.seek(0)
        return files.examine(self._file, self.name, max_pixels=max_pixels)

    def picture(self, max_pixels: int) -> Picture:
        """Decode the picture.

        Raises:
            InputError: as `image.files.load`.
        """
        return files.load(self, max_pixels=max_pixels)  # type: ignore[arg-type]  # read() will do

    def style(self) -> Style:
        """Read the style, the first if there are several.

        Raises:
            InputError: it is no file of styles.
        """
        try:
            return next(iter(storage.StyleFile(Path(self.name), self.read()).values()))
        except InputError:
            raise
        except Exception as problem:  # a hostile archive can raise nearly anything
            raise InputError(f"{self.name}: not a file of styles, or a damaged one") from problem


def plain_name(name: str) -> str:
    """Make a name fit to be shown on one line: no folders, nothing that cannot be printed."""
    last = PurePosixPath(name.replace("\\", "/")).name
    if not last.strip("."):
        return ""
    stem, dot, suffix = printable(last).rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{suffix[:_LONGEST_NAME]}"
