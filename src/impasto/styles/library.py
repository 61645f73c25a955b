"""The library of named styles: those that ship with impasto, and the user's own."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from impasto.errors import ExistsError, InputError
from impasto.image import suffixes
from impasto.models.assets import FOLDER
from impasto.styles import storage
from impasto.styles.embedding import Style
from impasto.styles.names import PICTURES, SUFFIX, is_name, own, own_styles, user_folder
from impasto.styles.search import is_spelt_alike, search
from impasto.system.files import check_file, make_folder
from impasto.system.paths import display_path

SHIPPED = FOLDER / "styles.npz"


_PATH = re.compile(r"\S[\\/]|[\\/]\S")
"""Matches paths but no titles: a slash within a word."""


@cache
def shipped() -> Mapping[str, Style]:
    """Load the styles that ship with impasto, by name.

    Raises:
        InputError: the file is missing or damaged; install impasto again.
    """
    return storage.load(SHIPPED)


def picture(name: str) -> Path:
    """Find the picture of a style that ships with impasto, by its exact name.

    Raises:
        InputError: no style of that name ships.
    """
    if name not in shipped():
        raise InputError(f"{name!r}: not a built-in style; {_suggest(name)}")
    return PICTURES / f"{name}.jpg"


def find(word: str) -> Style:
    """Find a style by its name, or by title or artist, see `resolve`.

    Raises:
        InputError: no style or several styles match, or the file is damaged.
    """
    files, problem = own_styles()
    notices = () if problem is None else (problem,)
    if word in files:
        style = read(files[word])
    elif word in shipped():
        style = shipped()[word]
    elif (name := resolve(word)) is None:
        raise unknown(word)
    else:
        style = read(files[name]) if name in files else shipped()[name]
        if not is_spelt_alike(word, name):
            notices = (f"{word!r} was read as the style {_described(name, style)}", *notices)
    return replace(style, notices=(*style.notices, *notices)) if notices else style


def unknown(word: str) -> InputError:
    """Return the error for a word that is neither a file nor the name of a style."""
    if _PATH.search(word) or Path(word).suffix.lower() in suffixes.PICTURES:
        hint = _suggest(word, otherwise="check the spelling")
        return InputError(f"{display_path(Path(word))}: no such file; {hint}")
    return InputError(f"{word!r}: neither a file nor the name of a style; {_suggest(word)}")


def resolve(word: str) -> str | None:
    """Find the name of the style that a word refers to, by its name, title or artist.

    Exact names come first, and the user's own styles before those that ship.

    Returns:
        The name, or None if no style matches.

    Raises:
        InputError: several styles match; the message lists them.
    """
    if word in own() or word in shipped():
        return word
    if _PATH.search(word):
        return None
    works = {**shipped(), **_readable_own()}
    names = search(word, works)
    if len(names) > 1:
        listed = ", ".join(_described(name, works[name]) for name in names)
        raise InputError(f"{word!r}: {len(names)} styles match; name one of them: {listed}")
    return names[0] if names else None


def _readable_own() -> dict[str, Style]:
    """Load the user's own styles, without those in damaged files."""
    styles = {}
    for name, path in own().items():
        with suppress(InputError):
            styles[name] = read(path)
    return styles


def _described(name: str, style: Style) -> str:
    work = ", ".join(part for part in (style.title, style.artist) if part)
    return f"{name} ({work})" if work else name


def read(path: Path) -> Style:
    """Read the style in a file.

    Raises:
        InputError: the file is missing, damaged, or holds several styles.
    """
    styles = list(storage.load(path).values())
    if len(styles) > 1:
        raise InputError(f"{display_path(path)}: holds {len(styles)} styles; name a file with one")
    return styles[0]


def add(name: str, style: Style, *, overwrite: bool = False) -> Path:
    """Save a style as one of the user's own, and return its file.

    Raises:
        InputError: the name is invalid, or belongs to a style that ships with impasto.
        OutputError: there is such a style, or the file cannot be written.
    """
    path = free_path(name, overwrite=overwrite)
    storage.save(path, {name: style}, overwrite=overwrite)
    return path


def free_path(name: str, *, overwrite: bool = False) -> Path:
    """Choose the file for a new style, and create its folder.

    Raises:
        As `add`.
    """
    if not is_name(name):
        raise InputError(f"{name!r}: not a valid name; use at most 64 letters, digits, - and _")
    if name in shipped():
        raise InputError(f"{name}: a built-in style has this name; choose another")
    path = user_folder() / f"{name}{SUFFIX}"
    make_folder(path.parent)
    try:
        check_file(path, overwrite=overwrite)
    except ExistsError:
        raise ExistsError(
            f"{name}: you have a style of this name; replace it with overwrite=True or choose "
            "another name"
        ) from None
    return path


def remove(name: str) -> None:
    """Delete one of the user's own styles.

    Raises:
        InputError: there is no such style, or it ships with impasto.
    """
    if (path := own().get(name)) is not None:
        path.unlink()
    elif name in shipped():
        raise InputError(f"{name}: a built-in style cannot be removed")
    else:
        raise InputError(f"{name!r}: you have no style of this name; {_suggest(name)}")


def _suggest(name: str, otherwise: str = "`impasto styles` lists the names") -> str:
    """Suggest names that are similar, if there are any."""
    from difflib import get_close_matches  # only errors need it

    spelt = {style.lower(): style for style in (*own(), *shipped())}
    near = get_close_matches(name.lower(), spelt, n=3, cutoff=0.7)
    if near:
        return f"did you mean {' or '.join(spelt[style] for style in near)}?"
    return otherwise
