"""Which photos are painted, and where each painting goes."""

import errno
import os
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, count
from os.path import isdir  # which never fails, as `Path.is_dir` does
from pathlib import Path
from typing import NamedTuple

from impasto.batch.names import default_output
from impasto.errors import InputError, OutputError, SettingError
from impasto.image.suffixes import pictures_in
from impasto.system.paths import display_path, identity, is_hidden, os_error_message

PAINTED = "painted"
"""The folder in a folder of photos that their paintings go to."""

STREAM = Path("-")
"""Standard input, as a photo, and standard output, as a painting."""

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


class Route(NamedTuple):
    """A photo and where its painting goes.

    Attributes:
        input: a file, or `STREAM`.
        output: a file, or `STREAM`.
        in_folder: whether the output lies in a folder of paintings, which is to be made.
    """

    input: Path
    output: Path
    in_folder: bool


class Plan(NamedTuple):
    """All that is to be painted.

    Attributes:
        routes: one for each photo, in order.
        problems: one line each on folders that cannot be read.
    """

    routes: tuple[Route, ...]
    problems: tuple[str, ...] = ()

    def without_existing(self) -> "Plan":
        """Leave out the photos whose paintings are there already."""
        left = (route for route in self.routes if not _exists(route.output))
        return Plan(tuple(left), self.problems)


class _Found(NamedTuple):
    """A photo; the folder that was named and holds it, or None; and its place in there."""

    photo: Path
    folder: Path | None
    below: Path


def plan(
    named: Sequence[Path],
    style_names: Sequence[str],
    output: str | None,
    *,
    recursive: bool = False,
    suffix: str | None = None,
) -> Plan:
    """Find every photo that is named or lies in a folder that is named, and give each an output.

    Args:
        named: photos and folders; `STREAM` for standard input.
        style_names: names of the styles, for the names of paintings.
        output: a file, a folder (see `names_folder`) or "-"; None for beside the photo, or for
            `PAINTED` in the folder, or for standard output if the photo is standard input.
        recursive: whether the folders in a folder are painted, too; the paintings then lie in
            folders of the same names.
        suffix: what the names of paintings end in; None for the photo's.

    Raises:
        SettingError: no photo is named.
        InputError: a folder holds none.
        OutputError: there are several and one file to write to.
    """
    if not named:
        raise SettingError("there is no photo; name one, or a folder of them")
    target = None if output is None or output == str(STREAM) else Path(output)
    problems: list[str] = []
    found = (item for path in named for item in _photos(path, recursive, target, problems))
    photos = list(dict.fromkeys(found))
    if output == str(STREAM) or (output is None and named == [STREAM]):
        _check_single(photos, STREAM)
        return Plan((Route(photos[0].photo, STREAM, in_folder=False),), tuple(problems))
    if target is not None and output is not None and not names_folder(output):
        _check_single(photos, target)
        return Plan((Route(photos[0].photo, target, in_folder=False),), tuple(problems))
    routes = list(_routes(photos, style_names, target, suffix))
    # Where paintings lie beside their photos, those of the last time are found, too.
    paintings = {route.output for route in routes}
    from_folder = {found.photo for found in photos if found.folder is not None}
    kept = (r for r in routes if r.input not in paintings or r.input not in from_folder)
    return Plan(tuple(kept), tuple(problems))


def names_folder(word: str) -> bool:
    """Tell whether an output is a folder: there is one, or it ends in a / or has no suffix."""
    return isdir(word) or word.endswith(_SEPARATORS) or not Path(word).suffix


def _check_single(photos: Sequence[_Found], target: Path) -> None:
    if len(photos) > 1:
        raise OutputError(
            f"{display_path(target)}: one file for {len(photos)} paintings; name a folder"
        )


def _routes(
    photos: Sequence[_Found], style_names: Sequence[str], target: Path | None, suffix: str | None
) -> Iterator[Route]:
    taken: set[str] = set()
    for found in photos:
        folder = target or (None if found.folder is None else found.folder / PAINTED)
        if folder is not None:
            folder = folder / found.below
        photo = Path("photo") if found.photo == STREAM else found.photo
        output = _free(default_output(photo, style_names, folder, suffix=suffix), taken)
        yield Route(found.photo, output, in_folder=folder is not None)


def _free(path: Path, taken: set[str]) -> Path:
    """Return the path, with a number where another painting has it: of a.jpg, say, and a.png.

    Names that differ in the case of letters, or in how their accents are written, are one to many
    disks.
    """

    def key(name: Path) -> str:
        return unicodedata.normalize("NFC", str(name)).casefold()

    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    free = next(name for name in chain([path], names) if key(name) not in taken)
    taken.add(key(free))
    return free


def _photos(path: Path, recursive: bool, target: Path | None, problems: list[str]) -> list[_Found]:
    if not isdir(path):
        return [_Found(path, None, Path())]
    skipped = [path / PAINTED, *([] if target is None else [target])]
    folders = _folders(path, skipped, problems) if recursive else [path]
    found = [
        _Found(photo, path, folder.relative_to(path))
        for folder in folders
        for photo in _pictures(folder, path, problems)
    ]
    if not found:
        raise InputError(f"{display_path(path)}: {_emptiness(path, recursive, problems)}")
    return found


def _pictures(folder: Path, named: Path, problems: list[str]) -> list[Path]:
    try:
        return pictures_in(folder)
    except OSError as problem:
        if folder == named:
            raise
        problems.append(f"{display_path(folder)}: {os_error_message(problem)}")
        return []


def _folders(top: Path, skipped: Sequence[Path], problems: list[str]) -> Iterator[Path]:
    """List a folder and all below it, in order. Links are not followed: they may lead in circles;
    hidden folders and those that paintings go to are passed over."""

    def tell(problem: OSError) -> None:
        place = display_path(Path(problem.filename or top))
        if problem.errno != errno.ENOENT:  # else it went away
            problems.append(f"{place}: {os_error_message(problem)}")

    passed_over = {identity(path) for path in skipped} - {None, identity(top)}
    for place, names, _ in os.walk(top, onerror=tell):
        folder = Path(place)
        names[:] = sorted(
            name
            for name in names
            if not is_hidden(folder / name) and identity(folder / name) not in passed_over
        )
        if os.access(folder, os.R_OK):
            yield folder


def _emptiness(folder: Path, recursive: bool, problems: Sequence[str]) -> str:
    """Why there is nothing to paint in a folder."""
    if problems:
        return f"there is no photo that can be read; {problems[0]}"
    if recursive:
        return "there is no photo in this folder or below it"
    try:
        below = any(entry.is_dir() for entry in folder.iterdir() if not is_hidden(entry))
    except OSError:
        below = False
    hint = "; recursive=True paints those in its folders" if below else ""
    return f"there is no photo in this folder{hint}"


def _exists(path: Path) -> bool:
    return path != STREAM and os.path.lexists(path)
