"""`impasto mix`: a sheet of mixtures of styles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.arguments import ModelFile, Overwrite, output_file, parse_style, picture_file
from impasto.cli.completion import style_words
from impasto.cli.sheet import DeviceWord, write_sheet
from impasto.errors import SettingError
from impasto.settings import LARGEST, StylizeSettings

if TYPE_CHECKING:
    from impasto.styles.embedding import Style


def mix(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", parser=picture_file, help="The photo.")],
    style: Annotated[
        list[str],
        typer.Option(
            "--style",
            "-s",
            metavar="STYLE",
            autocompletion=style_words,
            help="A picture, or a name that `impasto styles` lists: two for a strip, four for a "
            "square with a style in each corner.",
        ),
    ],
    steps: Annotated[int, typer.Option(min=2, max=15, help="Paintings in a row.")] = 7,
    size: Annotated[
        int, typer.Option(min=32, max=2048, help="Long side of each painting in pixels.")
    ] = 256,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            parser=output_file,
            help="The sheet [default: PHOTO-A+B.png].",
        ),
    ] = None,
    overwrite: Overwrite = False,
    device: DeviceWord = "auto",
    model: ModelFile = None,
) -> None:
    """Paint a photo in mixtures of two styles, or of four, on one sheet."""
    if len(style) not in (2, 4):
        raise SettingError(f"mix takes two styles or four, not {len(style)}")
    if steps * size > LARGEST:
        raise SettingError(
            f"{steps} paintings of {size} pixels in a row make more than {LARGEST} pixels; "
            "choose fewer steps or a smaller size"
        )
    from impasto.api.sources import load_style
    from impasto.batch.names import default_output
    from impasto.feedforward.model import FeedforwardModel
    from impasto.image.output import check_output

    settings = StylizeSettings(size=size, device=device)
    for word in style:
        if parse_style(word)[0] != Path(word):
            raise SettingError(f"style is {word!r}; mix takes no weights, as it shows all mixtures")
    path = output or default_output(photo, [Path(word).stem for word in style], suffix=".png")
    pictures = [Path(word) for word in style if Path(word).exists()]
    check_output(path, overwrite=overwrite, inputs=[photo, *pictures])
    opened = None if model is None else FeedforwardModel(model, device)
    corners = [load_style(word, model=opened, device=device) for word in style]
    named = [
        (caption(style, weights), _between(corners, weights)) for weights in ways(len(style), steps)
    ]
    write_sheet(path, photo, named, settings, model=opened, columns=steps, overwrite=overwrite)


def ways(corners: int, steps: int) -> list[tuple[float, ...]]:
    """Compute the weights of the styles, row by row: two along a line, four over a square."""
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


def caption(styles: list[str], weights: tuple[float, ...]) -> str:
    """Format the name of a single style, or each style's weight in percent."""
    if 1 in weights:
        name = Path(styles[weights.index(1)]).stem
        if name.isascii() and name.isprintable():  # the font has few other letters
            return name
    return " : ".join(f"{100 * weight:.0f}" for weight in weights)
