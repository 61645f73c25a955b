"""Paint one photo in many styles on a contact sheet."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.schema import help_of
from impasto.settings import Device, StylizeSettings
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from PIL.Image import Image

    from impasto.feedforward.model import FeedforwardModel
    from impasto.styles.embedding import Style

DeviceWord = Annotated[Device, typer.Option("--device", help=help_of(StylizeSettings, "device"))]
"""The option `--device` of the feed-forward engine."""


def write_sheet(
    path: Path,
    photo: Path,
    named: "Sequence[tuple[str, Style]]",
    settings: StylizeSettings,
    *,
    model: "FeedforwardModel | None" = None,
    columns: int | None = None,
    overwrite: bool,
) -> None:
    """Paint the photo in every style and write the sheet.

    The sheet has the photo's transparency and metadata, like a single painting.
    """
    from impasto.api.painter import stylize
    from impasto.image.files import load
    from impasto.image.output import write
    from impasto.image.sheet import contact_sheet

    picture = load(photo)
    notices: dict[str, None] = {}

    def paintings() -> "Iterator[tuple[str, Image]]":
        for name, style in named:
            painting = stylize(picture, style, model=model, settings=settings)
            notices.update(dict.fromkeys(painting.notices))
            yield name, painting.to_pil()

    sheet = contact_sheet(paintings(), columns)
    write(path, sheet.samples, alpha=sheet.alpha, metadata=picture.metadata, overwrite=overwrite)
    for notice in notices:
        typer.echo(f"impasto: {notice}", err=True)
    width, height = sheet.size
    typer.echo(f"{display_path(path)}: {width} x {height} pixels")
