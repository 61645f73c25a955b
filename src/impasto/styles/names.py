"""Names of styles and the folder of the user's own; without NumPy, so that completion is fast."""

import os
import re
import sys
from pathlib import Path

from impasto.errors import InputError
from impasto.models.assets import FOLDER
from impasto.system.paths import display_path, is_hidden, os_error_message

SUFFIX = ".npz"
"""Suffix of a file of styles."""

CATALOGUE = FOLDER / "styles.tsv"
"""The works in the shipped library."""

PICTURES = CATALOGUE.parent / "styles"
"""The pictures of those works, each `NAME.jpg`, at most 512 pixels wide and high."""

_NAME = re.compile(r"[^\W_][\w-]{0,63}")
"""Letters and digits of any script, - and _: they need no quoting and are valid file names."""


def is_name(word: str) -> bool:
    """Tell whether a word is a valid name of a style."""
    return bool(_NAME.fullmatch(word))


def user_folder() -> Path:
    """Find the folder of the user's own styles, one file each.

    It is the one that the environment variable IMPASTO_STYLES names, or else `styles` in the
    platform's folder for data of applications.

    Raises:
        InputError: the user has no home folder, as in some containers.
    """
    try:
        if chosen := os.environ.get("IMPASTO_STYLES"):
            return Path(chosen).expanduser()
        return _data_folder() / "impasto" / "styles"
    except RuntimeError:
        raise InputError(
            "there is no home folder for your own styles; set the environment variable "
            "IMPASTO_STYLES to a folder for them"
        ) from None


def own() -> dict[str, Path]:
    """List the files of the user's own styles, by name, sorted, without opening them.

    The list is empty if their folder cannot be read: users without a readable home can still paint
    in the styles that ship.
    """
    return own_styles()[0]


def own_styles() -> tuple[dict[str, Path], str | None]:
    """List the user's own styles as `own`; also return why their folder cannot be read, or None."""
    try:
        folder = user_folder()
        files = sorted(folder.iterdir())
    except (FileNotFoundError, InputError):
        return {}, None
    except (OSError, ValueError) as problem:
        problem_line = (
            f"your own styles cannot be used: {display_path(folder)}: {os_error_message(problem)}"
        )
        return {}, problem_line
    styles = {path.stem: path for path in files if path.suffix == SUFFIX and not is_hidden(path)}
    return styles, None


def _data_folder() -> Path:
    """Return the platform's folder for the data of applications."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
