"""Styles by name: those that ship with impasto, and the user's own."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from impasto.errors import InputError
from impasto.models.assets import FOLDER
from impasto.styles import storage
from impasto.styles.embedding import Style
from impasto.styles.names import PICTURES, SUFFIX, is_name, own, own_styles, user_folder
from impasto.styles.search import is_spelt_alike, search
from impasto.system.files import check_file, make_folder
from impasto.system.paths import display_path

SHIPPED = FOLDER / "styles.npz"


_PATH = re.compile(r"\S[\\/]|[\\/]\S")
"""What a path looks like, and no title: a slash within a word."""


@cache
def shipped() -> Mapping[str, Style]:
    """Return the styles that ship with impasto, by name.

    Raises:
        InputError: the file is missing or damaged; reinstall impasto.
    """
    return storage.load(SHIPPED)


def picture(name: str) -> Path:
    """Find the picture of a style that ships with impasto, by its exact name.

    Raises:
        InputError: no style of that name ships.
    """
    if name not in shipped():
        raise InputError(f"{name!r}: no style of this name ships with impasto; {_suggest(name)}")
    return PICTURES / f"{name}.jpg"


def find(word: str) -> Style:
    """Find a style by its name, or by title or artist, see `resolve`.

    Raises:
        InputError: there is none, with names that are spelt alike; there are several; or its file
            is damaged.
    """
    files, problem = own_styles()
    notices = () if problem is None else (problem,)
    if word in files:
        style = read(files[word])
    elif word in shipped():
        style = shipped()[word]
    elif (name := resolve(word)) is None:
        raise InputError(f"{word!r}: neither a file nor the name of a style; {_suggest(word)}")
    else:
        style = read(files[name]) if name in files else shipped()[name]
        if not is_spelt_alike(word, name):
            notices = (f"{word!r} is taken for the style {_described(name, style)}", *notices)
    return replace(style, notices=(*style.notices, *notices)) if notices else style


def resolve(word: str) -> str | None:
    """Find the name of the one style that a word means: its name, its title or its artist.

    The user's own styles come before those that ship, and exact names before all else.

    Returns:
        The name, or None where nothing fits.

    Raises:
        InputError: several styles fit; the message lists them.
    """
    if word in own() or word in shipped():
        return word
    if _PATH.search(word):
        return None
    works = {**shipped(), **_readable_own()}
    names = search(word, works)
    if len(names) > 1:
        listed = ", ".join(_described(name, works[name]) for name in names)
        raise InputError(f"{word!r}: {len(names)} styles fit; name one of them: {listed}")
    return names[0] if names else None


def _readable_own() -> dict[str, Style]:
    """Return the user's own styles, but for those in damaged files."""
    styles = {}
    for name, path in own().items():
        with suppress(InputError):
            styles[name] = read(path)
    return styles


def _described(name: str, style: Style) -> str:
    work = ", ".join(part for part in (style.title, style.artist) if part)
    return f"{name} ({work})" if work else name


def read(path: Path) -> Style:
    """Return the style in a file that holds one.

    Raises:
        InputError: the file is missing, damaged, or holds several.
    """
    styles = list(storage.load(path).values())
    if len(styles) > 1:
        raise InputError(f"{display_path(path)}: holds {len(styles)} styles; name a file with one")
    return styles[0]


def add(name: str, style: Style, *, overwrite: bool = False) -> Path:
    """Keep a style under a name of the user's; gives back its file.

    Raises:
        InputError: the name cannot be one, or is that of a style that ships with impasto.
        OutputError: there is such a style already, or the file cannot be written.
    """
    path = free_path(name, overwrite=overwrite)
    storage.save(path, {name: style}, overwrite=overwrite)
    return path


def free_path(name: str, *, overwrite: bool = False) -> Path:
    """Return the file for a new style of that name; its folder exists.

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
        raise InputError(f"{name!r}: you have no style of this name; {_suggest(name)}")


def _suggest(name: str) -> str:
    """Say what the user may have meant."""
    from difflib import get_close_matches  # only errors need it

    spelt = {style.lower(): style for style in (*own(), *shipped())}
    near = get_close_matches(name.lower(), spelt, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(spelt[style] for style in near)}?"
    return "`impasto styles` lists the names"
