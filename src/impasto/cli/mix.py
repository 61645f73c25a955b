"""`impasto mix`: what lies between styles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.completion import style_words
from impasto.errors import SettingError
from impasto.image.paths import label
from impasto.settings import LARGEST

if TYPE_CHECKING:
    from impasto.styles.embedding import Style


def mix(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo.")],
    style: Annotated[
        list[str],
        typer.Option(
            "--style",
            "-s",
            metavar="STYLE",
            autocompletion=style_words,
            help="A picture, or a name that `impasto styles` lists: two for a strip, four for a "
            "square with one in each corner.",
        ),
    ],
    steps: Annotated[int, typer.Option(min=2, max=15, help="Paintings in a row.")] = 7,
    size: Annotated[
        int, typer.Option(min=32, max=2048, help="Long side of each painting in pixels.")
    ] = 256,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where it goes [default: PHOTO-A+B.png]."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that exists.")
    ] = False,
) -> None:
    """Paint a photo in what lies between two styles, or four, on one sheet."""
    if len(style) not in (2, 4):
        raise SettingError(f"there are {len(style)} styles; name two, or four")
    if steps * size > LARGEST:
        raise SettingError(
            f"{steps} paintings of {size} pixels in a row make more than {LARGEST} pixels; "
            "choose fewer steps or a smaller size"
        )
    from impasto import api
    from impasto.feedforward.sheet import contact_sheet
    from impasto.image.files import load
    from impasto.image.output import check_output, default_output, write

    path = output or default_output(photo, [Path(word).stem for word in style])
    pictures = [Path(word) for word in style if Path(word).exists()]
    check_output(path, overwrite=overwrite, inputs=[photo, *pictures])
    pixels = load(photo).pixels
    corners = [api.load_style(word) for word in style]
    painted = contact_sheet(
        (
            (_shares(weights), api.stylize(pixels, _between(corners, weights), size=size).pixels)
            for weights in ways(len(corners), steps)
        ),
        columns=steps,
    )
    write(path, painted, overwrite=overwrite)
    typer.echo(f"{label(path)}: {painted.shape[1]} x {painted.shape[0]} pixels")


def ways(corners: int, steps: int) -> list[tuple[float, ...]]:
    """The weights of the styles, row by row: of two along a line, of four over a square."""
    line = [(1 - k / (steps - 1), k / (steps - 1)) for k in range(steps)]
    if corners == 2:
        return [*line]
    return [
        (top * left, top * right, bottom * left, bottom * right)
        for top, bottom in line
        for left, right in line
    ]


def _between(corners: "list[Style]", weights: tuple[float, ...]) -> "Style":
    from impasto.styles.embedding import blend

    return blend(corners, weights)


def _shares(weights: tuple[float, ...]) -> str:
    return " : ".join(f"{100 * weight:.0f}" for weight in weights)
