"""What styles are called and where the user's own lie; without NumPy, so that a shell can ask."""

import os
import re
import sys
from pathlib import Path

SUFFIX = ".npz"
"""Of a file of styles."""

CATALOGUE = Path(__file__).parents[1] / "assets" / "styles.tsv"
"""The works in the library that ships with impasto."""

_NAME = re.compile(r"[^\W_][\w-]{0,63}")
"""Letters and digits of any script, - and _: these need no quoting and are legal file names."""


def is_name(word: str) -> bool:
    """Whether a style can be called so."""
    return bool(_NAME.fullmatch(word))


def user_folder() -> Path:
    """Where the user's own styles lie, one file each.

    That is the folder that the environment variable IMPASTO_STYLES names, or else `styles` in
    the platform's folder for an application's data.
    """
    if chosen := os.environ.get("IMPASTO_STYLES"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        data = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "impasto" / "styles"


def own() -> dict[str, Path]:
    """The files of the user's own styles, by name, sorted; they are not yet opened."""
    found = sorted(user_folder().glob(f"*{SUFFIX}"))
    return {path.stem: path for path in found}
