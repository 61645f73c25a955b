"""Parse the words of the command line: styles with weights, regions, outputs."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from impasto.batch.plan import PAINTED, STREAM, names_folder
from impasto.cli.options import ADVANCED
from impasto.errors import InputError, SettingError
from impasto.image.suffixes import OUTPUT_FORMATS, PICTURES
from impasto.settings import ALPHA
from impasto.system.paths import display_path, may_exist

PHOTOS_HELP = "Photos, or folders of them; - is standard input."

STYLE_HELP = "A picture, or a name that `impasto styles` lists; repeat it to mix several."

OUTPUT_HELP = (
    "A file, or a folder (no suffix, or a / at the end); - is standard output [default: "
    f"PHOTO-STYLE beside the photo, in the photo's format; for a folder, in FOLDER/{PAINTED}]."
)

Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Paint the photos in subfolders, too.")
]
"""The option `--recursive`."""

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
]
"""The option `--quiet`."""

SkipExisting = Annotated[
    bool, typer.Option("--skip-existing", help="Skip photos whose paintings exist.")
]
"""The option `--skip-existing`."""

OutputQuality = Annotated[
    int | None,
    typer.Option(
        "--output-quality",
        min=1,
        max=100,
        metavar="1-100",
        help="Quality of a JPEG, WebP or AVIF [default: 95, for AVIF 85].",
        show_default=False,
        rich_help_panel=ADVANCED,
    ),
]
"""The option `--output-quality`; `--quality` sets the number of steps of `impasto optimize`."""

StripMetadata = Annotated[
    bool,
    typer.Option(
        "--strip-metadata",
        help="Leave out the photo's EXIF, XMP and IPTC data, including its place.",
        rich_help_panel=ADVANCED,
    ),
]
"""The option `--strip-metadata`."""

FileFormat = Annotated[
    Literal["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "avif"] | None,
    typer.Option(
        "--format",
        help="Format of the painting [default: that of the suffix of --output, or the photo's].",
        show_default=False,
        rich_help_panel=ADVANCED,
    ),
]
"""The option `--format`, for `check_format`."""

_SUFFIXES = {"jpeg": ".jpg", "tiff": ".tif"}
"""Suffixes of formats with other names."""

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
"""The option `--overwrite`, for outputs."""

ModelFile = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        help="A network from `impasto export` to paint with, instead of those that ship.",
        rich_help_panel="Advanced",
        show_default=False,
    ),
]
"""The option `--model`."""

RegionWords = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MASK=STYLE[:WEIGHT]",
        help="A part of the photo with its own style, white in the picture MASK; MASK can be "
        "alpha, the photo's transparency. WEIGHT, from 0 to 1, is the fraction of --strength to "
        "use there. The rest is painted in --style, or stays unchanged.",
    ),
]
"""The option `--region`, for `parse_region`."""

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def picture_file(word: str) -> Path:
    """Parse the path of a picture or folder.

    Raises:
        typer.BadParameter: the word is empty, as from an unset variable.
    """
    if not word:
        raise typer.BadParameter("the name is empty; name a picture")
    path = Path(word)
    return path.absolute() if path == STREAM and word != str(STREAM) else path


picture_file.__name__ = "path"  # which `--help` shows


def output_word(word: str) -> str:
    """Parse the output of paintings, a file or a folder; see `names_folder`.

    Raises:
        typer.BadParameter: the word is empty, or only a suffix.
    """
    if not word:
        raise typer.BadParameter("the name is empty; name a file")
    if Path(word).name.lower() in PICTURES and not word.endswith(_SEPARATORS):
        raise typer.BadParameter(
            f"{display_path(Path(word))} is a suffix only; put a name before it"
        )
    return word


def output_file(word: str) -> Path:
    """Parse the output of a command that writes one file.

    Raises:
        typer.BadParameter: it is not the name of a file.
    """
    if word == str(STREAM):
        raise typer.BadParameter(
            "- is not a file; name a file, as only paintings go to standard output"
        )
    if output_word(word).endswith(_SEPARATORS):
        raise typer.BadParameter(f"{display_path(Path(word))} is a folder; name a file in it")
    return Path(word)


def check_format(word: str | None, output: str | None, quality: int | None) -> str | None:
    """Find the suffix of a format; None if no format is given.

    Args:
        word: of `FileFormat`.
        output: of `--output`, which may name a file with a suffix.
        quality: of `--output-quality`.

    Raises:
        SettingError: format and output contradict each other, or the format has no quality.
    """
    from impasto.image.output import QUALITIES, format_of

    suffix = None if word is None else _SUFFIXES.get(word, f".{word}")
    is_file = output is not None and output != str(STREAM) and not names_folder(output)
    named = Path(output) if output is not None and is_file else None
    kind = None if named is None else OUTPUT_FORMATS.get(named.suffix.lower())
    if named is not None and suffix is not None and kind != OUTPUT_FORMATS[suffix]:
        raise SettingError(
            f"format is {word}, but {display_path(named)} ends in {named.suffix}; leave one out"
        )
    place = named or (None if suffix is None else Path(f"painting{suffix}"))
    if place is not None and place.suffix.lower() in OUTPUT_FORMATS:
        kind = format_of(place)
        if quality is not None and kind not in QUALITIES:
            raise SettingError(
                f"output-quality is for JPEG, WebP and AVIF, not for {kind}; leave it out"
            )
    return suffix


def parse_styles(words: Sequence[str] | None) -> tuple[tuple[Path, float], ...]:
    """Parse the words of `--style`; see `parse_style`."""
    return tuple([parse_style(word) for word in words or ()])


def parse_regions(words: Sequence[str] | None) -> tuple[tuple[str, Path, float], ...]:
    """Parse the words of `--region`; see `parse_region`."""
    return tuple([parse_region(word) for word in words or ()])


def style_names(
    styles: Sequence[tuple[Path, float]], regions: Sequence[tuple[str, Path, float]]
) -> list[str]:
    """List the names of the styles, for the names of paintings."""
    return [path.stem for path in (*(p for p, _ in styles), *(p for _, p, _ in regions))]


def check_weights(styles: Sequence[tuple[Path, float]]) -> None:
    """Warn that the weight of a single style has no effect."""
    if len(styles) == 1 and styles[0][1] > 0 and styles[0][1] != 1:
        typer.echo(
            "impasto: the weight of a single style has no effect; use --strength for less style",
            err=True,
        )


def parse_style(word: str) -> tuple[Path, float]:
    """Parse `wave.jpg:0.5` as a path and a weight; the weight is 1 if there is none.

    The part after a colon is a weight only if it is a number and the whole word is not a file:
    `C:\\wave.jpg` and `12:30` (if there is such a file) are paths.

    Raises:
        SettingError: the word is empty, or the part after a style or a file is not a number.
    """
    if not word:
        raise SettingError(
            "the name of a style is empty; name a picture, or a style that `impasto styles` lists"
        )
    name, _, weight = word.rpartition(":")
    if name and not Path(word).exists():
        try:
            return Path(name), float(weight)
        except ValueError:
            if weight and (_MEANT_AS_WEIGHT.fullmatch(weight) or _is_style(name)):
                raise SettingError(
                    f"{word!r}: {weight!r} is not a weight; write a number, as in {name}:0.5"
                ) from None
    return Path(word), 1.0


_MEANT_AS_WEIGHT = re.compile(r"\s*[+-]?\d*[.,]?\d+\s*%?\s*")
"""Numbers that Python does not accept, such as 50% or 0,5."""


def _is_style(name: str) -> bool:
    """Tell whether a word is a file or the name of a style."""
    from impasto.styles import catalogue, names

    if Path(name).is_file() or name in names.own():
        return True
    return any(work.name == name for work in catalogue.read(names.CATALOGUE))


def missing_style(named: Sequence[Path]) -> str:
    """Advise on a missing style, which is often the last word, without --style."""
    if len(named) < 2:
        return "there is no style; name one, as in --style great-wave"
    return f"there is no style; name the style: --style {display_path(named[-1])}"


def parse_region(word: str) -> tuple[str, Path, float]:
    """Parse `sky.png=wave.jpg:0.5` as a mask, a style and a weight.

    As names may contain `=`, the mask is the first part before a `=` that is a file or the word
    alpha.

    Raises:
        SettingError: there is no `=`, or nothing on one side of it.
        InputError: there is no such mask.
    """
    pairs = [(word[:at], word[at + 1 :]) for at, letter in enumerate(word) if letter == "="]
    complete = [(mask, style) for mask, style in pairs if mask and style]
    if not complete:
        raise SettingError(f"region is {word!r}; it must be MASK=STYLE, such as sky.png=wave.jpg")
    existing = [pair for pair in complete if pair[0] == ALPHA or may_exist(Path(pair[0]))]
    if not existing:
        masks = ", or ".join(display_path(Path(mask)) for mask, _ in complete)
        raise InputError(f"{masks}: no such file; check the spelling of the mask")
    mask, style = next((pair for pair in existing if Path(pair[0]).is_file()), existing[0])
    return (mask, *parse_style(style))
