"""`impasto optimize`: paint photos step by step."""

import time
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.batch.job import Outcome, Saving
from impasto.batch.optimize_job import OptimizeJob, OptimizeLook, StepDisplay, check_exist
from impasto.batch.optimize_job import paint as paint_job
from impasto.batch.run import run
from impasto.cli.arguments import (
    OUTPUT_HELP,
    PHOTOS_HELP,
    STYLE_HELP,
    FileFormat,
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
from impasto.cli.ctrl_c import CtrlC
from impasto.cli.options import ADVANCED, settings_from, with_settings
from impasto.cli.photos import end, plan_photos
from impasto.cli.progress import step_display
from impasto.cli.weights import fetch_with_bar, or_else
from impasto.errors import SettingError
from impasto.settings import OptimizeSettings
from impasto.system.files import Files
from impasto.system.paths import display_path

FIRST = ("size", "quality", "strength", "brush", "colour", "contrast", "work_size")
"""Settings in the first help panel."""


@with_settings(OptimizeSettings, FIRST)
def optimize(
    content: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO...",
            parser=picture_file,
            help=PHOTOS_HELP,
        ),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="STYLE[:WEIGHT]",
            help=STYLE_HELP,
        ),
    ] = None,
    region: RegionWords = None,
    style_region: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MASK",
            help="The part of a style to use, white in MASK; one for each --style, in order.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            parser=output_word,
            help=OUTPUT_HELP,
        ),
    ] = None,
    recursive: Recursive = False,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    format: FileFormat = None,
    output_quality: OutputQuality = None,
    strip_metadata: StripMetadata = False,
    quiet: Quiet = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="cpu, cuda, cuda:1 or mps [default: the fastest].", rich_help_panel=ADVANCED
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="Weights of the encoder, .safetensors or .pth, instead of the default ones.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Save the state to this file every few seconds.", rich_help_panel=ADVANCED
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Continue from this checkpoint, and keep saving to it.", rich_help_panel=ADVANCED
        ),
    ] = None,
    preview_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Write the picture so far to OUTPUT-preview.png every N steps.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
    loss_plot: Annotated[
        Path | None,
        typer.Option(
            help="Draw the losses over the steps: .png, .svg or .pdf.", rich_help_panel=ADVANCED
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Write settings, and the losses of every step, as JSON.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
    **options: Any,
) -> None:
    """Paint photos in the style of other pictures, step by step.

    The pixels are optimized, from coarse to fine, until a neural network recognizes the photo's
    content and the styles' strokes in them. Ctrl-C stops early and keeps the picture so far.

    If some of several photos cannot be painted, the others are painted. The errors are listed at
    the end, and the exit code is 1.
    """
    begun = time.monotonic()
    if not style and not region:
        raise SettingError(missing_style(content))
    look = OptimizeLook(
        styles=parse_styles(style),
        regions=parse_regions(region),
        style_regions=style_region or [],
        weights=weights,
        device=device,
        settings=settings_from(OptimizeSettings, options),
    )
    suffix = check_format(format, output, output_quality)
    batch = plan_photos(
        content,
        style_names(look.styles, look.regions),
        output,
        suffix,
        recursive=recursive,
        overwrite=overwrite,
        skip_existing=skip_existing,
        quiet=quiet,
    )
    single = batch.is_single
    if not single:
        _check_no_single_files(checkpoint, resume, loss_plot, trace)
    saving = Saving(overwrite, suffix, output_quality, strip_metadata)
    jobs = [
        OptimizeJob(
            input=route.input,
            output=route.output,
            in_folder=route.in_folder,
            look=look,
            saving=saving,
            preview_every=preview_every,
            plot=loss_plot,
            trace=trace,
            checkpoint=checkpoint or resume,
            resume=resume,
        )
        for route in batch.routes
    ]
    files = [*look.files(), *([resume] if resume else [])]
    check_exist(files)
    inputs = Files([*(job.input for job in jobs), *files])
    if single:
        for job in jobs:
            job.check(inputs)  # before a download
    check_weights(look.styles)
    if jobs:
        _fetch_weights(look)
    display = step_display(quiet=quiet, photos=len(jobs), piped=batch.is_piped)
    with display as shown, CtrlC() as ctrl_c:
        since = begun if single else None
        paint_one = partial(_paint, shown=shown, inputs=inputs, ctrl_c=ctrl_c, begun=since)
        unstopped = takewhile(lambda _: not ctrl_c.pressed, jobs)
        report = run(unstopped, paint_one, shown, single=single)
    end(batch, report)


def _paint(
    job: OptimizeJob, *, shown: StepDisplay, inputs: Files, ctrl_c: CtrlC, begun: float | None
) -> Outcome:
    """Paint a photo until it is finished or Ctrl-C is pressed; say how to go on."""
    outcome = paint_job(job, shown, inputs, is_stopped=lambda: ctrl_c.pressed, begun=begun)
    if not outcome.stopped or job.checkpoint is None:
        return outcome
    hint = f"go on with --resume {display_path(job.checkpoint)} --overwrite"
    return outcome._replace(stopped=f"{outcome.stopped}; {hint}")


def _check_no_single_files(*files: Path | None) -> None:
    """Check that no output is set that only a single photo can have.

    Raises:
        SettingError: one is set.
    """
    words = ("--checkpoint", "--resume", "--loss-plot", "--trace")
    for word, file in zip(words, files, strict=True):
        if file is not None:
            raise SettingError(f"{word} is for a single photo; name one photo, or leave out {word}")


def _fetch_weights(look: OptimizeLook) -> None:
    """Download the encoder's weights, unless they ship or a file is named."""
    from impasto.networks import encoders

    fetched = [name for name, spec in encoders.ENCODERS.items() if spec.asset is None]
    if look.weights is None and look.settings.encoder in fetched:
        with or_else(", name a copy with --weights FILE, or choose --encoder vgg16"):
            fetch_with_bar(look.settings.encoder)
