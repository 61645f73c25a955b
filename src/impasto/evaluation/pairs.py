"""Pair photos with styles."""

from dataclasses import dataclass
from pathlib import Path

from impasto.errors import InputError
from impasto.image.files import read
from impasto.image.resize import fit_down, resize
from impasto.image.samples import FloatImage
from impasto.image.suffixes import PLAIN_PICTURES, pictures_in
from impasto.system.json_files import read_json
from impasto.system.paths import display_path


@dataclass(frozen=True)
class Pair:
    """A photo and a style: their names, and pixels (H, W, 3) in [0, 1]."""

    photo_name: str
    style_name: str
    photo: FloatImage
    style: FloatImage


def choose(contents: Path, styles: Path, chosen: Path | None = None) -> list[tuple[Path, Path]]:
    """Pair the files of photos with those of styles.

    Args:
        contents, styles: folders of pictures.
        chosen: a JSON file with a list of [photo, style] names without suffix; by default
            every photo is paired with one style, in the order of their names.

    Raises:
        InputError: a folder is empty or holds two pictures of the same name, or a name in the file
            has no picture.
    """
    photos, paintings = _by_name(contents), _by_name(styles)
    if chosen is None:
        ordered = list(paintings.values())
        return [(p, ordered[k % len(ordered)]) for k, p in enumerate(photos.values())]
    name, listed = display_path(chosen), read_json(chosen)
    try:
        names = [(str(photo), str(style)) for photo, style in listed]
    except (ValueError, TypeError):
        raise InputError(f"{name}: not a JSON list of [photo, style] names") from None
    if not names:
        raise InputError(f"{name}: the list is empty; add [photo, style] names")
    unknown = [p for p, _ in names if p not in photos] + [s for _, s in names if s not in paintings]
    if unknown:
        raise InputError(f"{name}: {unknown[0]!r} is not in its folder")
    return [(photos[photo], paintings[style]) for photo, style in names]


def load(photo: Path, style: Path, size: int) -> Pair:
    """Load a pair from its files, both with a long side of at most `size` pixels.

    Raises:
        InputError: a file cannot be read.
    """
    return Pair(photo.stem, style.stem, _reduced(photo, size), _reduced(style, size))


def _by_name(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"{display_path(folder)}: not a folder of pictures")
    files = pictures_in(folder, PLAIN_PICTURES)
    if not files:
        raise InputError(f"{display_path(folder)}: holds no pictures")
    named: dict[str, Path] = {}
    for file in files:
        if file.stem in named:
            other = display_path(named[file.stem])
            raise InputError(f"{display_path(file)}: has the same name as {other}; rename one")
        named[file.stem] = file
    return named


def _reduced(file: Path, size: int) -> FloatImage:
    picture = read(file)
    return resize(picture.samples, fit_down(picture.size, size))
