"""Jobs: photos to paint by optimization, with the files that are written, as plain data."""

import json
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from impasto._version import __version__
from impasto.batch import plot as plots
from impasto.batch.job import (
    Outcome,
    Saving,
    StreamedPhoto,
    check_streams,
    input_name,
    output_name,
    output_suffix,
    read_photo,
    save,
)
from impasto.batch.plan import STREAM
from impasto.errors import ImpastoError, InputError, OutputError, SettingError
from impasto.settings import ALPHA, INIT_WORDS, OptimizeSettings
from impasto.system.files import Files
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.api.stepwise import Step
    from impasto.painting import Painting


class OptimizeLook(NamedTuple):
    """How to paint the photos of a batch.

    Attributes:
        styles: with their weights.
        regions: masks, each with a style and the fraction of the strength to use there.
        style_regions: masks of the parts of styles to use.
        weights: of the encoder, instead of the default ones.
        device: to compute on.
        settings: of the optimization.
    """

    styles: tuple[tuple[Path, float], ...]
    regions: tuple[tuple[str, Path, float], ...]
    style_regions: Sequence[Path]
    weights: Path | None
    device: str | None
    settings: OptimizeSettings

    def files(self) -> list[Path]:
        """List the files that are read besides photos and checkpoint."""
        from impasto.api.sources import style_file

        pictures = [style_file(path) for path, _ in self.styles]
        pictures += [style_file(path) for _, path, _ in self.regions]
        pictures += self.style_regions
        pictures += [Path(mask) for mask, _, _ in self.regions if mask != ALPHA]
        if self.settings.init not in INIT_WORDS:
            pictures.append(Path(self.settings.init))
        return [*pictures, *([self.weights] if self.weights else [])]

    def steps(
        self, photo: Path | StreamedPhoto, checkpoint: Path | None, resume: Path | None
    ) -> Generator["Step", None, None]:
        """Begin to paint a photo."""
        from impasto.api.stepwise import optimize_steps

        return optimize_steps(
            photo,
            self.styles,
            regions=self.regions,
            style_regions=self.style_regions,
            weights=self.weights,
            device=self.device,
            checkpoint=checkpoint,
            resume=resume,
            settings=self.settings,
        )


class OptimizeJob(NamedTuple):
    """A photo to paint, and the files to write. It pickles, and `paint` can run it in any process.

    Attributes:
        input: the photo; `STREAM` for standard input.
        output: the painting; `STREAM` for standard output.
        look: how to paint.
        saving: how to write the painting, and whether files may be replaced.
        in_folder: whether to create the output's folder if it is missing.
        preview_every: steps between previews beside the painting, or None for none.
        plot: of the losses.
        trace: the losses as JSON.
        checkpoint: to write.
        resume: the checkpoint to continue from.
    """

    input: Path
    output: Path
    look: OptimizeLook
    saving: Saving = Saving()
    in_folder: bool = False
    preview_every: int | None = None
    plot: Path | None = None
    trace: Path | None = None
    checkpoint: Path | None = None
    resume: Path | None = None

    @property
    def name(self) -> str:
        """The name of the photo in messages."""
        return input_name(self.input)

    def files(self) -> list[Path]:
        """List the files that are read."""
        return [self.input, *self.look.files(), *([self.resume] if self.resume else [])]

    @property
    def preview(self) -> Path | None:
        """The file for the picture so far."""
        if self.preview_every is None:
            return None
        return self.output.with_name(f"{self.output.stem}-preview.png")

    def check(self, inputs: Files) -> None:
        """Check, before the work starts, that the photo exists and all files can be written.

        Args:
            inputs: files that are read and must not be replaced.

        Raises:
            InputError: the photo is missing.
            OutputError: a file cannot be written, or two are the same.
            SettingError: there is no place for previews.
            MissingExtraError: the plot needs Matplotlib.
        """
        from impasto.image.output import check_output
        from impasto.system.files import check_file, make_folder

        if self.input != STREAM:
            check_exist([self.input])
        if self.plot is not None:
            plots.check(self.plot)
        if self.in_folder:
            make_folder(self.output.parent)
        overwrite = self.saving.overwrite
        if self.output != STREAM:
            check_output(self.output, overwrite=overwrite, inputs=inputs)
        others = [p for p in (self.preview, self.plot, self.trace, self.checkpoint) if p]
        for path in others:
            if path == self.checkpoint == self.resume:
                check_file(path, overwrite=True)
            else:
                check_file(path, overwrite=overwrite, inputs=inputs)
        distinct = {path.resolve() for path in (self.output, *others)}
        if len(distinct) < 1 + len(others):
            raise OutputError("two outputs have the same name; choose different ones")
        if self.output == STREAM and self.preview is not None:
            raise SettingError(
                "preview-every needs a file for the painting; name one instead of standard output"
            )

    def write_preview(self, number: int, step: "Step") -> None:
        """Write the picture so far, if it is due."""
        if self.preview is not None and self.preview_every and number % self.preview_every == 0:
            step.painting().save(self.preview, overwrite=True)

    def write(self, painting: "Painting", suffix: str) -> tuple[str, ...]:
        """Write the painting, the plot and the trace; return warnings."""
        from impasto.system.files import write_file

        warnings = save(painting, self.output, suffix, self.saving)
        overwrite = self.saving.overwrite
        if self.plot is not None:
            drawn = plots.draw(painting.losses, self.plot.suffix)
            write_file(self.plot, drawn, overwrite=overwrite)
        if self.trace is not None:
            document = {
                "impasto": __version__,
                "size": painting.size,
                "settings": asdict(self.look.settings),
                "steps": [asdict(record) for record in painting.losses],
            }
            text = json.dumps(document, indent=1) + "\n"
            write_file(self.trace, text.encode(), overwrite=overwrite)
        return warnings


class StepDisplay(Protocol):
    """Shows the steps of a painting."""

    def step(self, step: "Step") -> None:
        """Show the progress."""

    def warn(self, line: str) -> None:
        """Print a warning, each only once."""


def paint(
    job: OptimizeJob,
    shown: StepDisplay,
    inputs: Files | None = None,
    *,
    is_stopped: Callable[[], bool] = lambda: False,
    begun: float | None = None,
) -> Outcome:
    """Paint a photo and write the outputs.

    If the user or an error ends the work early, the picture so far is written.

    Args:
        job: what to paint.
        shown: is shown every step.
        inputs: files that must not be replaced; None for those of the job.
        is_stopped: is called after every step and tells whether to end the work.
        begun: when the work was begun, by `time.monotonic`; None for now.

    Raises:
        ImpastoError: as `OptimizeJob.check` and `optimize_steps`.
    """
    begun = time.monotonic() if begun is None else begun
    check_streams(job.input, job.output)
    job.check(Files(job.files()) if inputs is None else inputs)
    photo = read_photo(job.input)
    suffix = output_suffix(job.output, job.saving, photo)
    last = None
    try:
        with closing(job.look.steps(photo, job.checkpoint, job.resume)) as steps:
            for number, last in enumerate(steps, start=1):
                shown.step(last)
                for notice in last.notices:
                    shown.warn(notice)
                job.write_preview(number, last)
                if is_stopped():
                    break
    except ImpastoError:
        if last is not None:
            for warning in job.write(last.painting(), suffix):
                shown.warn(warning)
            shown.warn(f"{output_name(job.output)}: the picture so far")
        raise
    assert last is not None, "there is always a step"
    painting = last.painting()
    notices = (*painting.notices, *job.write(painting, suffix))
    is_early = last.done < 1 and is_stopped()
    stopped = f"stopped after {last.done:.0%} of the work" if is_early else ""
    seconds = time.monotonic() - begun
    return Outcome(output_name(job.output), painting.size, seconds, notices, stopped)


def check_exist(files: Sequence[Path]) -> None:
    """Check that files exist, before outputs beside them are checked.

    Raises:
        InputError: a file is missing.
    """
    for path in files:
        if not path.exists():
            raise InputError(f"{display_path(path)}: no such file; check the spelling")
