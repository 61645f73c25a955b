"""What styles are called and where the user's own lie; without NumPy, so that a shell can ask."""

import os
import re
import sys
from pathlib import Path

from impasto.errors import InputError
from impasto.models.assets import FOLDER
from impasto.system.paths import is_hidden

SUFFIX = ".npz"
"""Of a file of styles."""

CATALOGUE = FOLDER / "styles.tsv"
"""The works in the library that ships with impasto."""

PICTURES = CATALOGUE.parent / "styles"
"""The pictures of those works, each `NAME.jpg`, at most 512 pixels wide and high."""

_NAME = re.compile(r"[^\W_][\w-]{0,63}")
"""Letters and digits of any script, - and _: these need no quoting and are legal file names."""


def is_name(word: str) -> bool:
    """Whether a style can be called so."""
    return bool(_NAME.fullmatch(word))


def user_folder() -> Path:
    """Where the user's own styles lie, one file each.

    That is the folder that the environment variable IMPASTO_STYLES names, or else `styles` in
    the platform's folder for an application's data.

    Raises:
        InputError: that is in the user's home folder, and nobody knows where this is, as for
            some users of containers.
    """
    try:
        if chosen := os.environ.get("IMPASTO_STYLES"):
            return Path(chosen).expanduser()
        return _data_folder() / "impasto" / "styles"
    except RuntimeError:
        raise InputError(
            "there is no home folder for your own styles; name a folder for them in the "
            "environment variable IMPASTO_STYLES"
        ) from None


def own() -> dict[str, Path]:
    """The files of the user's own styles, by name, sorted; they are not yet opened."""
    try:
        folder = user_folder()
    except InputError:
        return {}  # who has no home can still paint in the styles that ship
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return {path.stem: path for path in files if not is_hidden(path)}


def _data_folder() -> Path:
    """The platform's folder for the data of applications."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
