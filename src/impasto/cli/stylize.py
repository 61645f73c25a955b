"""`impasto stylize`: paint photos in one pass."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli import startup
from impasto.cli.arguments import (
    OUTPUT_HELP,
    PHOTOS_HELP,
    STYLE_HELP,
    FileFormat,
    ModelFile,
    OutputQuality,
    Overwrite,
    Quiet,
    Recursive,
    RegionWords,
    SkipExisting,
    StripMetadata,
    check_format,
    check_weights,
    missing_style,
    output_word,
    parse_regions,
    parse_styles,
    picture_file,
    style_names,
)
from impasto.cli.completion import style_words
from impasto.cli.options import settings_from, with_settings
from impasto.cli.photos import end, plan_photos
from impasto.cli.progress import photo_display
from impasto.errors import SettingError
from impasto.settings import StylizeSettings


@with_settings(StylizeSettings, ("strength", "size", "brush", "colour", "contrast", "work_size"))
def stylize(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTO...",
            help=PHOTOS_HELP,
            show_default=False,
            parser=picture_file,
        ),
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            "--si",
            metavar="STYLE[:WEIGHT]",
            autocompletion=style_words,
            help=STYLE_HELP,
        ),
    ] = None,
    region: RegionWords = None,
    content: Annotated[
        list[Path] | None,
        typer.Option("--ci", metavar="PHOTO", help="The same as PHOTO.", parser=picture_file),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            "--o",
            metavar="PATH",
            parser=output_word,
            help=OUTPUT_HELP,
        ),
    ] = None,
    recursive: Recursive = False,
    model: ModelFile = None,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    format: FileFormat = None,
    output_quality: OutputQuality = None,
    strip_metadata: StripMetadata = False,
    quiet: Quiet = False,
    **options: Any,
) -> None:
    """Paint photos in the style of a picture, or of several mixed, in one pass.

    If some of several photos cannot be painted, the others are painted. The errors are listed at
    the end, and the exit code is 1.
    """
    begun = time.monotonic()
    settings = settings_from(StylizeSettings, options)
    if settings.colour == "style":
        startup.use_one_blas_thread()
    startup.import_onnxruntime_ahead()
    named = [*(photos or []), *(content or [])]
    if not style and not region:
        raise SettingError(missing_style(named))
    styles, regions = parse_styles(style), parse_regions(region)
    check_weights(styles)
    suffix = check_format(format, output, output_quality)
    batch = plan_photos(
        named,
        style_names(styles, regions),
        output,
        suffix,
        recursive=recursive,
        overwrite=overwrite,
        skip_existing=skip_existing,
        quiet=quiet,
    )
    single, piped = batch.is_single, batch.is_piped

    from impasto.batch.job import Job, Look, Saving, paint, painter_for
    from impasto.batch.run import run
    from impasto.system.files import Files

    look = Look(styles, regions, settings, model)
    saving = Saving(overwrite, suffix, output_quality, strip_metadata)
    jobs = [Job(r.input, r.output, look, saving, r.in_folder) for r in batch.routes]
    inputs = Files([*(job.input for job in jobs), *look.files()])
    if jobs:
        painter_for(look)  # report errors of styles and masks once
    paint_one = partial(paint, inputs=inputs, begun=begun if single else None)
    with photo_display(quiet=quiet, photos=len(jobs), piped=piped) as shown:
        report = run(jobs, paint_one, shown, single=single)
    if not single:
        end(batch, report)
