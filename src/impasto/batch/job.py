"""Jobs: photos to paint in one pass, as plain data for the command line and other programs."""

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
    """How to paint photos; all that share a look share a painter.

    Attributes:
        styles: pictures, files of styles or names, each with its weight.
        regions: masks, each with a style and the fraction of the strength to use there.
        settings: None for the defaults.
        model: a network instead of those that ship, or None.
    """

    styles: tuple[tuple[str, float], ...]
    regions: tuple[tuple[str, str, float], ...] = ()
    settings: "StylizeSettings | None" = None
    model: Path | None = None

    def files(self) -> list[Path]:
        """List the files that are read besides photos."""
        words = [word for word, _ in self.styles]
        words += [word for mask, style, _ in self.regions for word in (mask, style)]
        paths = [Path(word) for word in words]
        return paths if self.model is None else [*paths, self.model]


class Saving(NamedTuple):
    """How to write paintings.

    Attributes:
        overwrite: whether existing files may be replaced.
        suffix: of the format on standard output; None for the photo's.
        quality: of JPEG, WebP and AVIF, from 1 to 100; None for the default.
        strip_metadata: whether to leave out EXIF, XMP and IPTC data.
    """

    overwrite: bool = False
    suffix: str | None = None
    quality: int | None = None
    strip_metadata: bool = False


class Job(NamedTuple):
    """A photo to paint. It pickles, and `paint` can run it in any process.

    Attributes:
        input: a file, or `STREAM` for standard input.
        output: a file, or `STREAM` for standard output.
        in_folder: whether to create the output's folder if it is missing.
        look: how to paint.
        saving: how to write the painting.
    """

    input: Path
    output: Path
    look: Look
    saving: Saving = Saving()
    in_folder: bool = False

    @property
    def name(self) -> str:
        """The name of the photo in messages."""
        return _STANDARD_INPUT if self.input == STREAM else display_path(self.input)


class Outcome(NamedTuple):
    """The result of a job.

    Attributes:
        name: of the painting, for messages.
        size: (width, height).
        seconds: taken.
        notices: warnings for the user of one line each.
    """

    name: str
    size: tuple[int, int]
    seconds: float
    notices: tuple[str, ...]


def paint(job: Job, inputs: Files | None = None) -> Outcome:
    """Paint a photo and write the painting.

    Args:
        job: what to paint.
        inputs: files that must not be replaced; None for those of the job.

    Raises:
        ImpastoError: as `stylize` and `Painting.save`.
    """
    from impasto.image import output

    started = time.monotonic()
    _check_input(job)  # first, as the output's folder may have the same missing parent
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
        # Otherwise Python would write the rest of the buffer when it ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(f"{_STANDARD_OUTPUT}: closed before the painting was written") from error
    except OSError as error:
        raise OutputError(f"{_STANDARD_OUTPUT}: {os_error_message(error)}") from error


def check_streams(input: Path, output: Path) -> None:
    """Check that standard input and output, if used, are not a terminal.

    Raises:
        InputError, OutputError: one is.
    """
    if input == STREAM and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError("there is no photo on standard input; pipe one in, or name a file")
    if output == STREAM and (sys.stdout is None or sys.stdout.isatty()):
        raise OutputError(
            "the painting would go to the terminal; name a file for it, or redirect it"
        )


@lru_cache(maxsize=1)
def painter_for(look: Look) -> "Painter":
    """Return the painter of a look; consecutive photos with the same look share it.

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
    """Choose the suffix of the painting's format."""
    if job.output != STREAM:
        return job.output.suffix
    if job.saving.suffix is not None:
        return job.saving.suffix
    return suffix_of_bytes(photo) if isinstance(photo, bytes) else suffix_for(photo)


def suffix_of_bytes(photo: bytes) -> str:
    """Choose the suffix of a painting from the bytes of its photo."""
    from impasto.image import formats

    return suffix_of(formats.identify(photo[: formats.HEAD_BYTES], Path(), _STANDARD_INPUT))
