"""`impasto optimize`: paint photos step by step."""

import json
import signal
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto._version import __version__
from impasto.batch.job import Saving, check_streams, suffix_of_bytes
from impasto.batch.names import suffix_for
from impasto.batch.plan import PAINTED, STREAM, Plan, Route, plan
from impasto.cli import INTERRUPTED
from impasto.cli import plot as plots
from impasto.cli.arguments import (
    FileFormat,
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
from impasto.cli.errors import spelled
from impasto.cli.options import ADVANCED, settings_from, with_settings
from impasto.cli.progress import Display, display
from impasto.cli.weights import fetch_with_bar, or_else
from impasto.errors import ImpastoError, InputError, OutputError, SettingError
from impasto.settings import ALPHA, INIT_WORDS, OptimizeSettings
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.api.stepwise import Step
    from impasto.painting import Painting
    from impasto.system.files import Files

FIRST = ("size", "quality", "strength", "brush", "colour", "work_size")
"""Settings in the first help panel."""


@with_settings(OptimizeSettings, FIRST)
def optimize(
    content: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO...",
            parser=picture_file,
            help="Photos, or folders of them; - is standard input.",
        ),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="STYLE[:WEIGHT]",
            help="A picture, or a name that `impasto styles` lists; repeat it to mix several.",
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
            help="A file, or a folder (no suffix, or a / at the end); - is standard output "
            "[default: PHOTO-STYLE beside the photo, in the photo's format; for a folder, in "
            f"FOLDER/{PAINTED}].",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Paint the photos in subfolders, too.")
    ] = False,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    format: FileFormat = None,
    output_quality: OutputQuality = None,
    strip_metadata: StripMetadata = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
    ] = False,
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
    if overwrite and skip_existing:
        raise SettingError("--overwrite and --skip-existing exclude each other; choose one")
    settings = settings_from(OptimizeSettings, options)
    task = Task(
        styles=[parse_style(word) for word in style or []],
        regions=[parse_region(word) for word in region or []],
        style_regions=style_region or [],
        weights=weights,
        device=device,
        checkpoint=checkpoint,
        resume=resume,
        settings=settings,
    )
    suffix = check_format(format, output, output_quality)
    route_plan = plan(content, task.style_names(), output, recursive=recursive, suffix=suffix)
    everything = len(route_plan.routes)
    single = everything == 1 and not route_plan.problems
    if not single:
        _check_no_single_files(checkpoint, resume, loss_plot, trace)
    if skip_existing:
        skipped = route_plan.routes
        route_plan = route_plan.without_existing()
        _tell_skipped(skipped, route_plan, quiet)
    saving = Saving(overwrite, suffix, output_quality, strip_metadata)
    jobs = [
        Outputs(
            photo=route.input,
            picture=route.output,
            in_folder=route.in_folder,
            saving=saving,
            preview_every=preview_every,
            plot=loss_plot,
            trace=trace,
            checkpoint=checkpoint or resume,
        )
        for route in route_plan.routes
    ]
    if not jobs and not route_plan.problems:
        return
    files = task.files()
    inputs = [*(job.photo for job in jobs if job.photo != STREAM), *files]
    _check_exist([*inputs, *([resume] if resume else [])] if single else files)
    if single:
        jobs[0].check(inputs, resume)
    check_weights(task.styles)
    _fetch_weights(task)
    if single:
        stopped = _paint_one(jobs[0], task, quiet, begun)
    else:
        stopped = _paint_all(jobs, route_plan, task, inputs, quiet)
    if stopped:
        raise typer.Exit(INTERRUPTED)


@dataclass(frozen=True)
class Task:
    """How to paint the photos of a batch.

    Attributes:
        styles: with their weights.
        regions: masks, each with a style and the fraction of the strength to use there.
        style_regions: masks of the parts of styles to use.
        weights: of the encoder, instead of the default ones.
        device: to compute on.
        checkpoint: file to write.
        resume: checkpoint to continue from.
        settings: of the optimization.
    """

    styles: Sequence[tuple[Path, float]]
    regions: Sequence[tuple[str, Path, float]]
    style_regions: Sequence[Path]
    weights: Path | None
    device: str | None
    checkpoint: Path | None
    resume: Path | None
    settings: OptimizeSettings

    def style_names(self) -> list[str]:
        """List the names of the styles, for the names of paintings."""
        paths = [*(path for path, _ in self.styles), *(path for _, path, _ in self.regions)]
        return [path.stem for path in paths]

    def files(self) -> list[Path]:
        """List the files that are read beside photos and checkpoint."""
        from impasto.api.sources import style_file

        pictures = [style_file(path) for path, _ in self.styles]
        pictures += [style_file(path) for _, path, _ in self.regions]
        pictures += self.style_regions
        pictures += [Path(mask) for mask, _, _ in self.regions if mask != ALPHA]
        if self.settings.init not in INIT_WORDS:
            pictures.append(Path(self.settings.init))
        return [*pictures, *([self.weights] if self.weights else [])]

    def steps(self, photo: Path | bytes) -> Generator["Step", None, None]:
        """Begin to paint a photo."""
        from impasto.api.stepwise import optimize_steps

        return optimize_steps(
            photo,
            self.styles,
            regions=self.regions,
            style_regions=self.style_regions,
            weights=self.weights,
            device=self.device,
            checkpoint=self.checkpoint,
            resume=self.resume,
            settings=self.settings,
        )


def _paint_one(job: "Outputs", task: Task, quiet: bool, begun: float) -> bool:
    """Paint a single photo; return whether Ctrl-C stopped it."""
    check_streams(job.photo, job.picture)
    with display(quiet=quiet) as shown, CtrlC() as ctrl_c:
        last, painting = _paint(job, task, shown, ctrl_c)
    stopped = ctrl_c.pressed and last.done < 1
    if not quiet:
        line = _summary(job, last, painting.size, time.monotonic() - begun, stopped)
        typer.echo(line, err=job.picture == STREAM)
    return stopped


def _paint_all(
    jobs: Sequence["Outputs"], route_plan: Plan, task: Task, inputs: Sequence[Path], quiet: bool
) -> bool:
    """Paint what can be painted, and tell the rest at the end; after Ctrl-C nothing is begun.

    Returns:
        Whether Ctrl-C stopped it.

    Raises:
        typer.Exit: with code 1, if there is a rest.
    """
    from impasto.system.files import Files

    failures = list(route_plan.problems)
    known = Files(inputs)
    begun = 0
    with display(quiet=quiet, photos=len(jobs)) as shown, CtrlC() as ctrl_c:
        for job in jobs:
            if ctrl_c.pressed:
                break
            begun += 1
            started = time.monotonic()
            shown.photo(begun, job.input_name)
            try:
                check_streams(job.photo, job.picture)
                _check_exist([job.photo] if job.photo != STREAM else [])
                job.check(known, None)
                last, painting = _paint(job, task, shown, ctrl_c)
            except ImpastoError as problem:
                line = spelled(str(problem)).removeprefix(f"{job.input_name}: ")
                failures.append(f"{job.input_name}: {line}")
                continue
            if not quiet:
                stopped = ctrl_c.pressed and last.done < 1
                seconds = time.monotonic() - started
                shown.tell(_summary(job, last, painting.size, seconds, stopped))
    for line in failures:
        typer.echo(f"impasto: error: {line}", err=True)
    if ctrl_c.pressed:
        if begun < len(jobs):
            typer.echo(f"impasto: stopped; {len(jobs) - begun} photos were not begun", err=True)
        return True
    if failures:
        count = len(failures) - len(route_plan.problems)
        if count:
            typer.echo(f"impasto: {count} of {len(jobs)} photos were not painted", err=True)
        raise typer.Exit(1)
    return False


def _check_no_single_files(*files: Path | None) -> None:
    """Check that no output is set that only a single photo can have.

    Raises:
        SettingError: one is set.
    """
    words = ("--checkpoint", "--resume", "--loss-plot", "--trace")
    for word, file in zip(words, files, strict=True):
        if file is not None:
            raise SettingError(f"{word} is for a single photo; name one photo, or leave out {word}")


def _check_exist(files: Sequence[Path]) -> None:
    """Check that files exist, before outputs beside them are checked.

    Raises:
        InputError: a file is missing.
    """
    for path in files:
        if not path.exists():
            raise InputError(f"{display_path(path)}: no such file; check the spelling")


def _tell_skipped(before: Sequence[Route], left: Plan, quiet: bool) -> None:
    """Print how many photos are skipped because their paintings exist."""
    skipped = len(before) - len(left.routes)
    if quiet or not skipped:
        return
    if len(before) == 1:
        typer.echo(f"{display_path(before[0].output)}: skipped, as it exists")
    else:
        typer.echo(f"{skipped} of {len(before)} photos skipped: their paintings exist")


def _fetch_weights(task: Task) -> None:
    """Download the encoder's weights, unless they ship or a file is named."""
    from impasto.networks import encoders

    fetched = [name for name, spec in encoders.ENCODERS.items() if spec.asset is None]
    if task.weights is None and task.settings.encoder in fetched:
        with or_else(", name a copy with --weights FILE, or choose --encoder vgg16"):
            fetch_with_bar(task.settings.encoder)


def _paint(
    outputs: "Outputs", task: Task, shown: Display, ctrl_c: "CtrlC"
) -> "tuple[Step, Painting]":
    """Paint a photo and write the outputs; return the last step and the painting.

    If Ctrl-C or an error ends the work early, the picture so far is written.
    """
    source = sys.stdin.buffer.read() if outputs.photo == STREAM else outputs.photo
    outputs = outputs.with_suffix_for(source)
    steps = task.steps(source)
    settings = task.settings
    last = None
    try:
        with closing(steps):
            for number, last in enumerate(steps, start=1):
                shown.step(last)
                for notice in last.notices:
                    shown.say(notice)
                outputs.write_preview(number, last)
                if ctrl_c.pressed:
                    break
    except ImpastoError:
        if last is not None:
            outputs.write(last.painting(), settings)
            shown.say(f"{outputs.name}: the picture so far")
        raise
    assert last is not None, "there is always a step"
    painting = last.painting()
    outputs.write(painting, settings)
    return last, painting


def _summary(
    outputs: "Outputs", last: "Step", size: tuple[int, int], seconds: float, stopped: bool
) -> str:
    """Format the last line of output; `size` is (width, height)."""
    width, height = size
    line = f"{outputs.name}: {width} x {height} pixels in {seconds:.1f} s"
    if stopped:
        line += f", stopped after {last.done:.0%} of the work"
    if stopped and outputs.checkpoint:
        line += f"; go on with --resume {display_path(outputs.checkpoint)} --overwrite"
    return line


@dataclass(frozen=True)
class Outputs:
    """A photo and the output files of its painting.

    Attributes:
        photo: the input; `STREAM` for standard input.
        picture: the painting; `STREAM` for standard output.
        in_folder: whether the painting's folder is to be made if it is not there.
        saving: how to write it, and whether files may be replaced.
        preview_every: steps between previews beside it, or None for none.
        plot: of the losses.
        trace: the losses as JSON.
        checkpoint: written by the library, only checked here.
    """

    photo: Path
    picture: Path
    in_folder: bool
    saving: Saving
    preview_every: int | None
    plot: Path | None
    trace: Path | None
    checkpoint: Path | None

    @property
    def input_name(self) -> str:
        """What messages call the photo."""
        return "standard input" if self.photo == STREAM else display_path(self.photo)

    @property
    def name(self) -> str:
        """The name of the painting in messages."""
        return "standard output" if self.picture == STREAM else display_path(self.picture)

    @property
    def preview(self) -> Path | None:
        """The file for the picture so far."""
        if self.preview_every is None:
            return None
        return self.picture.with_name(f"{self.picture.stem}-preview.png")

    def with_suffix_for(self, source: Path | bytes) -> "Outputs":
        """Set the format on standard output to the photo's, unless it is set."""
        if self.saving.suffix is not None:
            return self
        suffix = suffix_of_bytes(source) if isinstance(source, bytes) else suffix_for(source)
        return replace(self, saving=self.saving._replace(suffix=suffix))

    def check(self, inputs: "Files | Sequence[Path]", resume: Path | None) -> None:
        """Check, before the work starts, that all files can be written.

        Args:
            inputs: files that are read.
            resume: a checkpoint that is read, and replaced if it is the one to write.

        Raises:
            OutputError: a file cannot be written, or two are the same.
            MissingExtraError: the plot needs Matplotlib.
        """
        from impasto.image.output import check_output
        from impasto.system.files import Files, check_file, make_folder

        if resume is not None and resume != self.checkpoint and not isinstance(inputs, Files):
            inputs = [*inputs, resume]
        if self.plot is not None:
            plots.check(self.plot)
        if self.in_folder:
            make_folder(self.picture.parent)
        overwrite = self.saving.overwrite
        if self.picture != STREAM:
            check_output(self.picture, overwrite=overwrite, inputs=inputs)
        others = [p for p in (self.preview, self.plot, self.trace, self.checkpoint) if p]
        for path in others:
            resumed = path == self.checkpoint == resume
            check_file(path, overwrite=overwrite or resumed, inputs=inputs)
        distinct = {path.resolve() for path in (self.picture, *others)}
        if len(distinct) < 1 + len(others):
            raise OutputError("two outputs have the same name; choose different ones")
        if self.picture == STREAM and self.preview is not None:
            raise SettingError("--preview-every needs a painting in a file; name it with --output")

    def write_preview(self, number: int, step: "Step") -> None:
        """Write the picture so far, if it is due."""
        if self.preview is not None and self.preview_every and number % self.preview_every == 0:
            step.painting().save(self.preview, overwrite=True)

    def write(self, painting: "Painting", settings: OptimizeSettings) -> None:
        """Write the painting, the plot and the trace."""
        from impasto.batch.job import save
        from impasto.image.output import left_out
        from impasto.system.files import write_file

        save(painting, self.picture, self.saving.suffix or ".png", self.saving)
        lost = left_out(self.picture, painting.metadata)
        if lost is not None and not self.saving.strip_metadata:
            typer.echo(f"impasto: {lost}", err=True)
        overwrite = self.saving.overwrite
        if self.plot is not None:
            drawn = plots.draw(painting.losses, self.plot.suffix)
            write_file(self.plot, drawn, overwrite=overwrite)
        if self.trace is not None:
            document = {
                "impasto": __version__,
                "size": painting.size,
                "settings": asdict(settings),
                "steps": [asdict(record) for record in painting.losses],
            }
            text = json.dumps(document, indent=1) + "\n"
            write_file(self.trace, text.encode(), overwrite=overwrite)


class CtrlC:
    """A context in which the first Ctrl-C stops the work after the current step.

    The picture and the state are then written completely. A second Ctrl-C stops at once.
    """

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> "CtrlC":
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)
        if kind is KeyboardInterrupt:
            typer.echo("impasto: stopped at once; unsaved work is lost", err=True)

    def _press(self, *_: object) -> None:
        self.pressed = True
        signal.signal(signal.SIGINT, self._before)
