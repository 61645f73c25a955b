"""Styles by name: those that ship with impasto, and the user's own."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from impasto.errors import InputError
from impasto.models.assets import FOLDER
from impasto.styles import storage
from impasto.styles.embedding import Style
from impasto.styles.names import PICTURES, SUFFIX, is_name, own, user_folder
from impasto.system.files import check_file, make_folder
from impasto.system.paths import label

SHIPPED = FOLDER / "styles.npz"


@cache
def shipped() -> Mapping[str, Style]:
    """The styles that ship with impasto, by name.

    Raises:
        InputError: the file is missing or damaged; reinstall impasto.
    """
    return storage.load(SHIPPED)


def picture(name: str) -> Path:
    """Find the picture of a style that ships with impasto.

    Raises:
        InputError: no style of that name ships.
    """
    if name not in shipped():
        raise InputError(f"{name!r}: no style of this name ships with impasto; {_instead(name)}")
    return PICTURES / f"{name}.jpg"


def find(name: str) -> Style:
    """The style of that name; the user's own come before those that ship.

    Raises:
        InputError: there is none, with names that are spelt alike; or its file is damaged.
    """
    if (path := own().get(name)) is not None:
        return read(path)
    if (style := shipped().get(name)) is not None:
        return style
    raise InputError(f"{name!r}: neither a file nor the name of a style; {_instead(name)}")


def read(path: Path) -> Style:
    """The style in a file that holds one.

    Raises:
        InputError: the file is missing, damaged, or holds several.
    """
    styles = list(storage.load(path).values())
    if len(styles) > 1:
        raise InputError(f"{label(path)}: holds {len(styles)} styles; name a file with one")
    return styles[0]


def add(name: str, style: Style, *, overwrite: bool = False) -> Path:
    """Keeps a style under a name of the user's; gives back its file.

    Raises:
        InputError: the name cannot be one, or is that of a style that ships with impasto.
        OutputError: there is such a style already, or the file cannot be written.
    """
    path = free_path(name, overwrite=overwrite)
    storage.save(path, {name: style}, overwrite=overwrite)
    return path


def free_path(name: str, *, overwrite: bool = False) -> Path:
    """The file for a new style of that name; its folder exists.

    Raises:
        As `add`.
    """
    if not is_name(name):
        raise InputError(
            f"{name!r}: no name for a style; use letters, digits, - and _, at most 64 of them"
        )
    if name in shipped():
        raise InputError(f"{name}: a style of this name ships with impasto; choose another")
    path = user_folder() / f"{name}{SUFFIX}"
    make_folder(path.parent)
    check_file(path, overwrite=overwrite)
    return path


def remove(name: str) -> None:
    """Forgets one of the user's own styles.

    Raises:
        InputError: there is none of that name, or it ships with impasto.
    """
    if (path := own().get(name)) is not None:
        path.unlink()
    elif name in shipped():
        raise InputError(f"{name}: ships with impasto and cannot be removed")
    else:
        raise InputError(f"{name!r}: you have no style of this name; {_instead(name)}")


def _instead(name: str) -> str:
    """What the user may have meant."""
    from difflib import get_close_matches  # only errors need it

    spelt = {style.lower(): style for style in (*own(), *shipped())}
    near = get_close_matches(name.lower(), spelt, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(spelt[style] for style in near)}?"
    return "`impasto styles` lists the names"
