"""`impasto evaluate`: measures an engine, or another tool's pictures, over photos and styles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.extras import require

if TYPE_CHECKING:
    from impasto.evaluation.report import Painter


def evaluate(
    contents: Annotated[Path, typer.Option(help="Folder of photos.")],
    styles: Annotated[Path, typer.Option(help="Folder of styles.")],
    engine: Annotated[
        str,
        typer.Option(
            help="stylize, optimize, or a folder of pictures PHOTO__STYLE.png painted before."
        ),
    ] = "stylize",
    judge: Annotated[
        str,
        typer.Option(
            help="The network that measures: vgg19 (fetched), compact, or a .safetensors file. "
            "Not the one that the engine was trained with, if you can."
        ),
    ] = "vgg19",
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="JSON list of [photo, style] names [default: each photo with one style]."
        ),
    ] = None,
    size: Annotated[int, typer.Option(min=64, help="Long side of photos and styles.")] = 512,
    report: Annotated[
        Path | None, typer.Option(help="Write all figures to this JSON file.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an existing report.")] = False,
) -> None:
    """Measure how far paintings are from their photos and from their styles.

    Smaller is closer. The two distances pull against each other, so compare engines by both.
    """
    require("evaluation", "torch", "torch", "safetensors")
    from impasto.evaluation import report as measuring
    from impasto.image.output import check_file, write_file
    from impasto.networks.teachers import teacher

    if report is not None:
        check_file(report, overwrite=overwrite)
    chosen = measuring.pairs(contents, styles, pairs)
    rows = []
    for row in measuring.evaluate(_painter(engine), teacher(judge), chosen, size=size):
        rows.append(row)
        typer.echo(
            f"{row.photo} in {row.style}: content {row.content_distance:.4f} "
            f"style {row.style_distance:.4f} {row.seconds:.2f} s",
            err=True,
        )
    means = measuring.summary(rows)
    typer.echo(
        f"{engine}, {len(rows)} pairs at {size} px, judged by {judge}: "
        f"content {means['content_distance']:.4f} style {means['style_distance']:.4f} "
        f"{means['seconds']:.2f} s a picture"
    )
    if report is not None:
        write_file(report, measuring.as_json(rows).encode(), overwrite=overwrite)


def _painter(engine: str) -> "Painter":
    from impasto import api
    from impasto.evaluation.report import painted_before

    if engine == "stylize":
        return lambda pair: api.stylize(pair.photo, pair.style).pixels
    if engine == "optimize":
        return lambda pair: api.optimize(pair.photo, pair.style).pixels
    return painted_before(Path(engine))
