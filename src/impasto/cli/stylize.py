"""`impasto stylize`: paint photos in one pass."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.batch.plan import PAINTED, STREAM, Plan, plan
from impasto.cli import startup
from impasto.cli.arguments import (
    FileFormat,
    ModelFile,
    OutputQuality,
    Overwrite,
    RegionWords,
    SkipExisting,
    StripMetadata,
    check_format,
    check_weights,
    missing_style,
    output_word,
    parse_region,
    parse_style,
    picture_file,
)
from impasto.cli.completion import style_words
from impasto.cli.errors import spelled
from impasto.cli.options import settings_from, with_settings
from impasto.errors import ImpastoError, SettingError
from impasto.settings import StylizeSettings

if TYPE_CHECKING:
    from impasto.batch.job import Job, Outcome
    from impasto.cli.progress import PhotoDisplay
    from impasto.system.files import Files


@with_settings(StylizeSettings, ("strength", "size", "brush", "colour", "work_size"))
def stylize(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTO...",
            help="Photos, or folders of them; - is standard input.",
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
            help="A picture, or a name that `impasto styles` lists; repeat it to mix several.",
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
            help="A file, or a folder (no suffix, or a / at the end); - is standard output "
            "[default: PHOTO-STYLE beside the photo, in the photo's format; for a folder, in "
            f"FOLDER/{PAINTED}].",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Paint the photos in subfolders, too.")
    ] = False,
    model: ModelFile = None,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    format: FileFormat = None,
    output_quality: OutputQuality = None,
    strip_metadata: StripMetadata = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
    ] = False,
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
    if overwrite and skip_existing:
        raise SettingError("--overwrite and --skip-existing exclude each other; choose one")
    styles = [parse_style(word) for word in style or []]
    regions = [parse_region(word) for word in region or []]
    check_weights(styles)
    suffix = check_format(format, output, output_quality)
    names = [path.stem for path in (*(p for p, _ in styles), *(p for _, p, _ in regions))]
    route_plan = plan(named, names, output, recursive=recursive, suffix=suffix)
    everything = len(route_plan.routes)
    if skip_existing:
        route_plan = route_plan.without_existing()

    from impasto.batch.job import Job, Look, Saving, painter_for
    from impasto.system.files import Files

    look = Look(
        tuple((str(path), weight) for path, weight in styles),
        tuple((mask, str(path), weight) for mask, path, weight in regions),
        settings,
        model,
    )
    saving = Saving(overwrite, suffix, output_quality, strip_metadata)
    jobs = [Job(r.input, r.output, look, saving, r.in_folder) for r in route_plan.routes]
    inputs = Files([*(job.input for job in jobs), *look.files()])
    if jobs:
        painter_for(look)  # report errors of styles and masks once
    skipped = everything - len(jobs)
    if skipped and not quiet:
        _say(f"{skipped} of {everything} photos skipped: their paintings exist", jobs)
    if everything == 1 and not route_plan.problems:
        for job in jobs:
            _paint_one(job, inputs, quiet, begun)
    else:
        _paint_all(jobs, route_plan, inputs, quiet)


def _paint_one(job: "Job", inputs: "Files", quiet: bool, begun: float) -> None:
    from impasto.batch.job import check_streams, paint

    check_streams(job.input, job.output)
    outcome = paint(job, inputs)
    for notice in outcome.notices:
        typer.echo(f"impasto: {notice}", err=True)
    if not quiet:
        _say(_summary(outcome, time.monotonic() - begun), [job])


def _paint_all(jobs: "Sequence[Job]", route_plan: Plan, inputs: "Files", quiet: bool) -> None:
    """Paint all photos, and report errors at the end.

    Raises:
        typer.Exit: with code 1, if there was an error.
    """
    from impasto.cli.progress import photo_display

    failures = list(route_plan.problems)
    said: set[str] = set()
    with photo_display(len(jobs), quiet=quiet) as shown:
        for job in jobs:
            failure = _try_to_paint(job, inputs, shown, said, quiet)
            if failure is not None:
                failures.append(failure)
            shown.step()
    for line in failures:
        typer.echo(f"impasto: error: {line}", err=True)
    if failures:
        count = len(failures) - len(route_plan.problems)
        if count:
            typer.echo(f"impasto: {count} of {len(jobs)} photos were not painted", err=True)
        raise typer.Exit(1)


def _try_to_paint(
    job: "Job", inputs: "Files", shown: "PhotoDisplay", said: set[str], quiet: bool
) -> str | None:
    """Paint a photo and print new notices; return the error, or None."""
    from impasto.batch.job import check_streams, paint

    try:
        check_streams(job.input, job.output)
        outcome = paint(job, inputs)
    except ImpastoError as problem:
        return f"{job.name}: {spelled(str(problem)).removeprefix(f'{job.name}: ')}"
    for notice in outcome.notices:
        if notice not in said:
            shown.warn(f"impasto: {notice}")
    said.update(outcome.notices)
    if not quiet:
        shown.say(_summary(outcome, outcome.seconds))
    return None


def _summary(outcome: "Outcome", seconds: float) -> str:
    width, height = outcome.size
    return f"{outcome.name}: {width} x {height} pixels in {seconds:.1f} s"


def _say(line: str, jobs: "Sequence[Job]") -> None:
    """Print a line; ignore a closed pipe, so that painting goes on."""
    try:
        typer.echo(line, err=any(job.output == STREAM for job in jobs))
    except BrokenPipeError:
        # Otherwise Python would write the rest of the buffer when it ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
