"""A photo to paint in one pass, as plain data: the command line runs it, and so may others."""

import os
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from impasto.batch.names import suffix_for, suffix_of
from impasto.batch.plan import STREAM
from impasto.errors import InputError, OutputError
from impasto.system.files import Files, make_folder
from impasto.system.paths import display_path, os_error_message

if TYPE_CHECKING:
    from impasto.api.painter import Painter
    from impasto.painting import Painting
    from impasto.settings import StylizeSettings

_STANDARD_INPUT, _STANDARD_OUTPUT = "standard input", "standard output"


class Look(NamedTuple):
    """How photos are painted: one painter paints all that share it.

    Attributes:
        styles: pictures, files of styles or names of them, each with its weight.
        regions: masks, each with a style and how much of the strength is used there.
        settings: all else; None for the defaults.
        model: a network in place of those that ship, or None.
    """

    styles: tuple[tuple[str, float], ...]
    regions: tuple[tuple[str, str, float], ...] = ()
    settings: "StylizeSettings | None" = None
    model: Path | None = None

    def files(self) -> list[Path]:
        """List the files that are read beside photos."""
        words = [word for word, _ in self.styles]
        words += [word for mask, style, _ in self.regions for word in (mask, style)]
        paths = [Path(word) for word in words]
        return paths if self.model is None else [*paths, self.model]


class Saving(NamedTuple):
    """How paintings are written.

    Attributes:
        overwrite: whether existing files may be replaced.
        suffix: of the format on standard output; None for the photo's.
        quality: of JPEG, WebP and AVIF, from 1 to 100; None for the formats' own.
        strip_metadata: whether EXIF, XMP and IPTC data are left out.
    """

    overwrite: bool = False
    suffix: str | None = None
    quality: int | None = None
    strip_metadata: bool = False


class Job(NamedTuple):
    """A photo to paint. It pickles, and `paint` runs it in whatever process.

    Attributes:
        input: a file, or `STREAM` for standard input.
        output: a file, or `STREAM` for standard output.
        in_folder: whether the output's folder is to be made if it is not there.
        look: how it is painted.
        saving: how it is written.
    """

    input: Path
    output: Path
    look: Look
    saving: Saving = Saving()
    in_folder: bool = False

    @property
    def name(self) -> str:
        """What messages call the photo."""
        return _STANDARD_INPUT if self.input == STREAM else display_path(self.input)


class Outcome(NamedTuple):
    """What came of a job.

    Attributes:
        name: what messages call the painting.
        size: (width, height).
        seconds: that it took.
        notices: one line each on what the user should know.
    """

    name: str
    size: tuple[int, int]
    seconds: float
    notices: tuple[str, ...]


def paint(job: Job, inputs: Files | None = None) -> Outcome:
    """Paint a photo and write the painting.

    Args:
        job: what to do.
        inputs: files that must not be replaced; None for those of the job alone.

    Raises:
        ImpastoError: as `stylize` and `Painting.save`.
    """
    from impasto.image import output

    started = time.monotonic()
    _check_input(job)  # or the output's folder, named after it, would be blamed
    if job.in_folder:
        make_folder(job.output.parent)
    if job.output != STREAM:
        inputs = Files([job.input, *job.look.files()]) if inputs is None else inputs
        output.check_output(job.output, overwrite=job.saving.overwrite, inputs=inputs)
    photo = sys.stdin.buffer.read() if job.input == STREAM else job.input
    painting = painter_for(job.look).paint(photo)
    suffix = _suffix(job, photo)
    save(painting, job.output, suffix, job.saving)
    notices = painting.notices
    lost = output.left_out(job.output.with_suffix(suffix), painting.metadata)
    if lost is not None and not job.saving.strip_metadata:
        notices = (*notices, lost)
    name = _STANDARD_OUTPUT if job.output == STREAM else display_path(job.output)
    return Outcome(name, painting.size, time.monotonic() - started, notices)


def save(painting: "Painting", path: Path, suffix: str, saving: Saving) -> None:
    """Write a painting to a file, or to standard output in the format of a suffix.

    Raises:
        OutputError: as `Painting.save`.
    """
    if path != STREAM:
        painting.save(
            path,
            overwrite=saving.overwrite,
            quality=saving.quality,
            strip_metadata=saving.strip_metadata,
        )
        return
    content = painting.to_bytes(
        suffix, quality=saving.quality, strip_metadata=saving.strip_metadata
    )
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        # What is still buffered would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(f"{_STANDARD_OUTPUT}: whoever was to read the painting left") from error
    except OSError as error:
        raise OutputError(f"{_STANDARD_OUTPUT}: {os_error_message(error)}") from error


def check_streams(input: Path, output: Path) -> None:
    """Make sure that pictures come from, and go to, a file or a pipe and no terminal.

    Raises:
        InputError, OutputError: they would not.
    """
    if input == STREAM and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError("there is no photo on standard input; pipe one in, or name a file")
    if output == STREAM and (sys.stdout is None or sys.stdout.isatty()):
        raise OutputError(
            "the painting would go to the terminal; name a file for it, or redirect it"
        )


@lru_cache(maxsize=1)
def painter_for(look: Look) -> "Painter":
    """Give the painter of a look, made once for all photos in turn that share it.

    Raises:
        As `Painter`.
    """
    from impasto.api.painter import Painter

    return Painter(
        list(look.styles), regions=list(look.regions), model=look.model, settings=look.settings
    )


def _check_input(job: Job) -> None:
    if job.input == STREAM:
        return
    try:
        job.input.stat()
    except (OSError, ValueError) as problem:
        raise InputError(f"{job.name}: {os_error_message(problem)}") from problem


def _suffix(job: Job, photo: Path | bytes) -> str:
    """Say what the name of the painting's format ends in."""
    if job.output != STREAM:
        return job.output.suffix
    if job.saving.suffix is not None:
        return job.saving.suffix
    return suffix_of_bytes(photo) if isinstance(photo, bytes) else suffix_for(photo)


def suffix_of_bytes(photo: bytes) -> str:
    """Find the suffix of the format in which the bytes of a photo are painted."""
    from impasto.image import formats

    return suffix_of(formats.identify(photo[: formats.HEAD_BYTES], Path(), _STANDARD_INPUT))
