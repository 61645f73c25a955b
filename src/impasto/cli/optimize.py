"""`impasto optimize`: paints one photo."""

import json
import os
import signal
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto._version import __version__
from impasto.batch.job import Saving, check_streams, suffix_of_bytes
from impasto.batch.names import default_output, suffix_for
from impasto.batch.plan import STREAM
from impasto.cli import INTERRUPTED, plot
from impasto.cli.arguments import (
    FileFormat,
    OutputQuality,
    Overwrite,
    RegionWords,
    SkipExisting,
    StripMetadata,
    check_format,
    check_weights,
    painting_file,
    parse_region,
    parse_style,
    picture_file,
)
from impasto.cli.options import ADVANCED, settings_from, with_settings
from impasto.cli.progress import Display, display
from impasto.cli.weights import fetch_with_bar, or_else
from impasto.errors import ImpastoError, InputError, OutputError, SettingError
from impasto.settings import ALPHA, INIT_WORDS, OptimizeSettings
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.api.stepwise import Step
    from impasto.painting import Painting

FIRST = ("size", "quality", "strength", "brush", "colour", "work_size")
"""The settings that an artist asks for first."""


@with_settings(OptimizeSettings, FIRST)
def optimize(
    content: Annotated[
        list[Path],
        typer.Argument(
            metavar="CONTENT", parser=picture_file, help="The photo; - is standard input."
        ),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            "-s",
            metavar="STYLE[:WEIGHT]",
            help="A picture, or a built-in name, whose style to paint in; give it again to mix.",
        ),
    ] = None,
    region: RegionWords = None,
    style_region: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MASK",
            help="The part of a style to learn from, white in MASK; for each --style in order.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            parser=painting_file,
            help="Where the painting goes; - is standard output [default: CONTENT-STYLE beside "
            "the photo, in the photo's format].",
        ),
    ] = None,
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
            help="The encoder's weights, .safetensors or .pth, in place of the usual ones.",
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
            help="Go on from this checkpoint, and go on saving to it.", rich_help_panel=ADVANCED
        ),
    ] = None,
    preview_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Write the picture so far to OUTPUT-preview.png every so many steps.",
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
            help="Write settings, and losses of every step, as JSON.", rich_help_panel=ADVANCED
        ),
    ] = None,
    **options: Any,
) -> None:
    """Paint a photo in the style of other pictures, step by step.

    The pixels are optimized, from coarse to fine, until a neural network recognizes the photo's
    content and the styles' strokes in them. Ctrl-C stops early and keeps the picture so far.
    """
    begun = time.monotonic()
    photo = _single(content, style)
    if overwrite and skip_existing:
        raise SettingError("--overwrite and --skip-existing exclude each other; choose one")
    from impasto.api.sources import style_file
    from impasto.networks import encoders

    settings = settings_from(OptimizeSettings, options)
    styles = [parse_style(word) for word in style or []]
    regions = [parse_region(word) for word in region or []]
    if not styles and not regions:
        raise SettingError("there is no style; name a picture with --style or --region")
    suffix = check_format(format, None if output is None else str(output), output_quality)
    picture = output or _default_output(photo, [*styles, *(r[1:] for r in regions)], suffix)
    check_streams(photo, picture)
    if skip_existing and os.path.lexists(picture):
        if not quiet:
            typer.echo(f"{display_path(picture)}: skipped, as it exists")
        return
    source = sys.stdin.buffer.read() if photo == STREAM else photo
    if suffix is None:
        suffix = suffix_of_bytes(source) if isinstance(source, bytes) else suffix_for(photo)
    style_pictures = [style_file(path) for path, _ in styles]
    style_pictures += [style_file(path) for _, path, _ in regions]
    pictures = [*([] if photo == STREAM else [photo]), *style_pictures, *(style_region or [])]
    pictures += [Path(mask) for mask, _, _ in regions if mask != ALPHA]
    if settings.init not in INIT_WORDS:
        pictures.append(Path(settings.init))
    outputs = Outputs(
        picture=picture,
        saving=Saving(overwrite, suffix, output_quality, strip_metadata),
        preview_every=preview_every,
        plot=loss_plot,
        trace=trace,
        checkpoint=checkpoint or resume,
    )
    outputs.check([*pictures, *([weights] if weights else [])], resume)
    check_weights(styles)
    fetched = [name for name, spec in encoders.ENCODERS.items() if spec.asset is None]
    if weights is None and settings.encoder in fetched:
        with or_else(", name a copy with --weights FILE, or choose --encoder vgg16"):
            fetch_with_bar(settings.encoder)
    with display(quiet=quiet) as shown:
        from impasto.api.stepwise import optimize_steps

        steps = optimize_steps(
            source,
            styles,
            regions=regions,
            style_regions=style_region or (),
            weights=weights,
            device=device,
            checkpoint=checkpoint,
            resume=resume,
            settings=settings,
        )
        with CtrlC() as ctrl_c:
            last, painting = _paint(steps, shown, outputs, settings, ctrl_c)
    stopped = ctrl_c.pressed and last.done < 1
    if not quiet:
        line = _summary(outputs, last, painting.size, time.monotonic() - begun, stopped)
        typer.echo(line, err=picture == STREAM)
    if stopped:
        raise typer.Exit(INTERRUPTED)


def _paint(
    steps: Generator["Step", None, None],
    shown: Display,
    outputs: "Outputs",
    settings: OptimizeSettings,
    ctrl_c: "CtrlC",
) -> "tuple[Step, Painting]":
    """Works through the steps and writes the outputs; gives back the last step and the painting.

    What ends the work early, Ctrl-C or an error, leaves the picture so far.
    """
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
    """Return the line that the program ends with; `size` is (width, height)."""
    width, height = size
    line = f"{outputs.name}: {width} x {height} pixels in {seconds:.1f} s"
    if stopped:
        line += f", stopped after {last.done:.0%} of the work"
    if stopped and outputs.checkpoint:
        line += f"; go on with --resume {display_path(outputs.checkpoint)} --overwrite"
    return line


@dataclass(frozen=True)
class Outputs:
    """The files that a painting leaves.

    Attributes:
        picture: the painting; `STREAM` for standard output.
        saving: how it is written, and whether files may be replaced.
        preview_every: steps between previews beside it, or None for none.
        plot: of the losses.
        trace: the losses as JSON.
        checkpoint: written by the library, here only checked.
    """

    picture: Path
    saving: Saving
    preview_every: int | None
    plot: Path | None
    trace: Path | None
    checkpoint: Path | None

    @property
    def name(self) -> str:
        """What messages call the painting."""
        return "standard output" if self.picture == STREAM else display_path(self.picture)

    @property
    def preview(self) -> Path | None:
        """Where the picture so far goes."""
        if self.preview_every is None:
            return None
        return self.picture.with_name(f"{self.picture.stem}-preview.png")

    def check(self, inputs: Sequence[Path], resume: Path | None) -> None:
        """Make sure, before the work, that all of them can be written.

        Args:
            inputs: files that are read.
            resume: a checkpoint that is read, and replaced if it is the one to write.

        Raises:
            InputError: an input is missing; else the output's name, which may be made from the
                input's, would be blamed.
            OutputError: a file cannot be written, or two are the same.
            MissingExtraError: the plot needs Matplotlib.
        """
        from impasto.image.output import check_output
        from impasto.system.files import check_file

        if resume is not None and resume != self.checkpoint:
            inputs = [*inputs, resume]
        for path in inputs:
            if not path.exists():
                raise InputError(f"{display_path(path)}: no such file; check the spelling")
        if self.plot is not None:
            plot.check(self.plot)
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
        """Write the picture so far, if it is time to."""
        if self.preview is not None and self.preview_every and number % self.preview_every == 0:
            step.painting().save(self.preview, overwrite=True)

    def write(self, painting: "Painting", settings: OptimizeSettings) -> None:
        """Write the painting, and then what tells of its making."""
        from impasto.batch.job import save
        from impasto.image.output import left_out
        from impasto.system.files import write_file

        save(painting, self.picture, self.saving.suffix or ".png", self.saving)
        lost = left_out(self.picture, painting.metadata)
        if lost is not None and not self.saving.strip_metadata:
            typer.echo(f"impasto: {lost}", err=True)
        overwrite = self.saving.overwrite
        if self.plot is not None:
            drawn = plot.draw(painting.losses, self.plot.suffix)
            write_file(self.plot, drawn, overwrite=overwrite)
        if self.trace is not None:
            told = {
                "impasto": __version__,
                "size": painting.size,
                "settings": asdict(settings),
                "steps": [asdict(record) for record in painting.losses],
            }
            text = json.dumps(told, indent=1) + "\n"
            write_file(self.trace, text.encode(), overwrite=overwrite)


class CtrlC:
    """While this lasts, the first Ctrl-C only asks for an end after the current step.

    So the picture and the state are whole when they are written. A second one ends at once, and
    says that it did.
    """

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> "CtrlC":
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)
        if kind is KeyboardInterrupt:
            typer.echo("impasto: stopped at once; what was not yet written is lost", err=True)

    def _press(self, *_: object) -> None:
        self.pressed = True
        signal.signal(signal.SIGINT, self._before)


def _single(named: Sequence[Path], style: list[str] | None) -> Path:
    """Return the one photo.

    Raises:
        SettingError: there are several; the last one may be meant as the style.
    """
    if len(named) == 1:
        return named[0]
    if style:
        raise SettingError(f"{len(named)} photos; optimize paints one at a time, so name one")
    raise SettingError(f"there is no style; name the style: --style {display_path(named[-1])}")


def _default_output(
    content: Path, styles: Sequence[tuple[Path, float]], suffix: str | None
) -> Path:
    if content == STREAM:
        return STREAM
    return default_output(content, [path.stem for path, _ in styles], suffix=suffix)
