"""Plan which photos are painted and where each painting goes."""

import errno
import os
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, count
from os.path import isdir  # unlike `Path.is_dir`, it raises no error
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
    """The photos to paint.

    Attributes:
        routes: one for each photo, in order.
        problems: one line for each folder that cannot be read.
        skipped: the routes that `without_existing` has left out.
    """

    routes: tuple[Route, ...]
    problems: tuple[str, ...] = ()
    skipped: tuple[Route, ...] = ()

    @property
    def total(self) -> int:
        """The number of photos named or found."""
        return len(self.routes) + len(self.skipped)

    @property
    def is_single(self) -> bool:
        """Whether a single photo was named or found, and every folder could be read."""
        return self.total == 1 and not self.problems

    @property
    def is_piped(self) -> bool:
        """Whether the painting goes to standard output."""
        return any(route.output == STREAM for route in self.routes)

    def without_existing(self) -> "Plan":
        """Leave out the photos whose paintings exist."""
        left: list[Route] = []
        existing: list[Route] = []
        for route in self.routes:
            (existing if _exists(route.output) else left).append(route)
        return Plan(tuple(left), self.problems, (*self.skipped, *existing))


class _NamedPhoto(NamedTuple):
    """A photo, the named folder that holds it or None, and its subfolder in that folder."""

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
    """Find the photos named, and those in the folders named, and choose an output for each.

    Args:
        named: photos and folders; `STREAM` for standard input.
        style_names: names of the styles, for the names of paintings.
        output: a file, a folder (see `names_folder`) or "-"; None for beside the photo, or for
            `PAINTED` in the folder, or for standard output if the photo is standard input.
        recursive: whether to paint the photos in subfolders, too; the paintings then lie in
            subfolders of the same names.
        suffix: of the paintings; None for the photo's.

    Raises:
        SettingError: no photo is named.
        InputError: a folder holds no photo.
        OutputError: there are several photos and one output file.
    """
    if not named:
        raise SettingError("no photo is named; name one, or a folder of photos")
    target = None if output is None or output == str(STREAM) else Path(output)
    problems: list[str] = []
    every = (item for path in named for item in _photos(path, recursive, target, problems))
    photos = list(dict.fromkeys(every))
    if output == str(STREAM) or (output is None and named == [STREAM]):
        _check_single(photos, STREAM)
        return Plan((Route(photos[0].photo, STREAM, in_folder=False),), tuple(problems))
    if target is not None and output is not None and not names_folder(output):
        _check_single(photos, target)
        return Plan((Route(photos[0].photo, target, in_folder=False),), tuple(problems))
    routes = list(_routes(photos, style_names, target, suffix))
    # Paintings of an earlier run that lie beside their photos are no photos.
    paintings = {route.output for route in routes}
    from_folder = {item.photo for item in photos if item.folder is not None}
    new = (r for r in routes if r.input not in paintings or r.input not in from_folder)
    return Plan(tuple(new), tuple(problems))


def names_folder(word: str) -> bool:
    """Tell whether an output is a folder: there is one, or it ends in a / or has no suffix."""
    return isdir(word) or word.endswith(_SEPARATORS) or not Path(word).suffix


def _check_single(photos: Sequence[_NamedPhoto], target: Path) -> None:
    if len(photos) > 1:
        name = "standard output" if target == STREAM else f"{display_path(target)}: one file"
        raise OutputError(f"{name} cannot hold {len(photos)} paintings; name a folder")


def _routes(
    photos: Sequence[_NamedPhoto],
    style_names: Sequence[str],
    target: Path | None,
    suffix: str | None,
) -> Iterator[Route]:
    taken: set[str] = set()
    for item in photos:
        folder = target or (None if item.folder is None else item.folder / PAINTED)
        if folder is not None:
            folder = folder / item.below
        photo = Path("photo") if item.photo == STREAM else item.photo
        output = _free(default_output(photo, style_names, folder, suffix=suffix), taken)
        yield Route(item.photo, output, in_folder=folder is not None)


def _free(path: Path, taken: set[str]) -> Path:
    """Return the path, with a number added if another painting has it, as for a.jpg and a.jpeg.

    To many disks, names that differ only in case, or in how accents are encoded, are the same.
    """

    def key(name: Path) -> str:
        return unicodedata.normalize("NFC", str(name)).casefold()

    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    free = next(name for name in chain([path], names) if key(name) not in taken)
    taken.add(key(free))
    return free


def _photos(
    path: Path, recursive: bool, target: Path | None, problems: list[str]
) -> list[_NamedPhoto]:
    if not isdir(path):
        return [_NamedPhoto(path, None, Path())]
    skipped = [path / PAINTED, *([] if target is None else [target])]
    folders = _folders(path, skipped, problems) if recursive else [path]
    photos = [
        _NamedPhoto(photo, path, folder.relative_to(path))
        for folder in folders
        for photo in _pictures(folder, path, problems)
    ]
    if not photos:
        raise InputError(f"{display_path(path)}: {_emptiness(path, recursive, problems)}")
    return photos


def _pictures(folder: Path, named: Path, problems: list[str]) -> list[Path]:
    try:
        return pictures_in(folder)
    except OSError as problem:
        if folder == named:
            raise
        problems.append(f"{display_path(folder)}: {os_error_message(problem)}")
        return []


def _folders(top: Path, skipped: Sequence[Path], problems: list[str]) -> Iterator[Path]:
    """List a folder and all its subfolders, in order.

    Links are not followed, as they may form a loop. Hidden folders, and those that paintings go to,
    are left out.
    """

    def tell(problem: OSError) -> None:
        place = display_path(Path(problem.filename or top))
        if problem.errno != errno.ENOENT:  # it may have been removed meanwhile
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
    """Say why there is nothing to paint in a folder."""
    if problems:
        return f"it holds no readable photo; {problems[0]}"
    if recursive:
        return "there is no photo in this folder or its subfolders"
    try:
        below = any(entry.is_dir() for entry in folder.iterdir() if not is_hidden(entry))
    except OSError:
        below = False
    hint = "; recursive=True includes its subfolders" if below else ""
    return f"there is no photo in this folder{hint}"


def _exists(path: Path) -> bool:
    return path != STREAM and os.path.lexists(path)
