"""Words of the command line: a style, with how much of it there is to be; an output."""

import os
from pathlib import Path
from typing import Annotated

import typer

from impasto.errors import InputError, SettingError
from impasto.image.suffixes import PICTURES
from impasto.settings import ALPHA
from impasto.system.paths import is_there, label

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what exists.")]
"""The option `--overwrite`, for outputs."""

ModelFile = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        help="A network to paint with, as `impasto export` writes it, in place of those that ship.",
        rich_help_panel="Advanced",
        show_default=False,
    ),
]
"""The option `--model`."""

RegionWords = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MASK=STYLE[:WEIGHT]",
        help="A part of the photo, white in the picture MASK, with a style of its own; "
        "MASK can be alpha, the photo's own, and WEIGHT is how much of --strength is used there, "
        "from 0 to 1. The rest is painted in --style, or stays.",
    ),
]
"""The option `--region`, for `parse_region`."""

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def picture_file(word: str) -> Path:
    """The picture, or the folder, that a word names; no word, as of an unset variable, is neither.

    Raises:
        typer.BadParameter: the word is empty.
    """
    if not word:
        raise typer.BadParameter("an empty name; name a picture")
    return Path(word)


picture_file.__name__ = "path"  # which `--help` shows


def output_word(word: str) -> str:
    """Where a painting is to go, as it was typed: see `names_folder`.

    Raises:
        typer.BadParameter: it is nothing that can have been meant.
    """
    if not word:
        raise typer.BadParameter("an empty name; name a file")
    if word == "-":
        raise typer.BadParameter("- is no file; paintings are not written to standard output")
    if Path(word).name.lower() in PICTURES and not word.endswith(_SEPARATORS):
        raise typer.BadParameter(f"{label(Path(word))} is a suffix only; put a name before it")
    return word


def output_file(word: str) -> Path:
    """As `output_word`, of a command that writes one file.

    Raises:
        typer.BadParameter: it is no file's name.
    """
    if output_word(word).endswith(_SEPARATORS):
        raise typer.BadParameter(f"{label(Path(word))} is to be a folder; name a file in it")
    return Path(word)


def names_folder(word: str) -> bool:
    """Whether an output is a folder: there is one, or it ends in a / or has no suffix."""
    exists = os.path.isdir(word)  # noqa: PTH112 - it never fails
    return exists or word.endswith(_SEPARATORS) or not Path(word).suffix


def parse_style(word: str) -> tuple[Path, float]:
    """`wave.jpg:0.5` as a path and a weight; the weight is 1 where none is given.

    What follows a colon is a weight only if it is a number, and not if the whole names a file:
    `C:\\wave.jpg` and `12:30` (if there is such a file) are paths.

    Raises:
        SettingError: the word is empty, which is not this folder.
    """
    if not word:
        raise SettingError(
            "the name of a style is empty; name a picture, or what `impasto styles` lists"
        )
    name, _, weight = word.rpartition(":")
    if name and not Path(word).exists():
        try:
            return Path(name), float(weight)
        except ValueError:
            pass
    return Path(word), 1.0


def parse_region(word: str) -> tuple[str, Path, float]:
    """`sky.png=wave.jpg:0.5` as a mask, a style and a weight.

    The mask ends at the first `=` before which there is a file, or the word alpha, as `=` may stand
    in names, too.

    Raises:
        SettingError: there is no `=`, or nothing on one side of it.
        InputError: there is no such mask.
    """
    pairs = [(word[:at], word[at + 1 :]) for at, letter in enumerate(word) if letter == "="]
    complete = [(mask, style) for mask, style in pairs if mask and style]
    if not complete:
        raise SettingError(f"region is {word!r}; it must be MASK=STYLE, such as sky.png=wave.jpg")
    found = [pair for pair in complete if pair[0] == ALPHA or is_there(Path(pair[0]))]
    if not found:
        masks = ", or ".join(label(Path(mask)) for mask, _ in complete)
        raise InputError(f"{masks}: no such file; check the spelling of the mask")
    mask, style = next((pair for pair in found if Path(pair[0]).is_file()), found[0])
    return (mask, *parse_style(style))
