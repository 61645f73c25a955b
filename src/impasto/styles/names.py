"""What styles are called and where the user's own lie; without NumPy, so that a shell can ask."""

import os
import re
import sys
from pathlib import Path

from impasto.errors import InputError
from impasto.models.assets import FOLDER
from impasto.system.paths import display_path, is_hidden, os_error_message

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
    """List the files of the user's own styles, by name, sorted; they are not yet opened.

    There are none where their folder cannot be read: who has no home, or one that is locked, can
    still paint in the styles that ship.
    """
    return own_styles()[0]


def own_styles() -> tuple[dict[str, Path], str | None]:
    """List the user's own styles as `own`, and say why if their folder cannot be read."""
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
