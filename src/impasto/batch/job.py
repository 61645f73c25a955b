"""Jobs: photos to paint in one pass, as plain data for the command line and other programs."""

import io
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
        styles: pictures, files of styles or names of styles, each with its weight.
        regions: masks, each with a style and the fraction of the strength to use there.
        settings: None for the defaults.
        model: a network instead of those that ship, or None.
    """

    styles: tuple[tuple[str | Path, float], ...]
    regions: tuple[tuple[str, str | Path, float], ...] = ()
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
        return input_name(self.input)


class Outcome(NamedTuple):
    """The result of a job.

    Attributes:
        name: of the painting, for messages.
        size: (width, height).
        seconds: taken.
        notices: warnings for the user of one line each.
        stopped: how far the work came, if it was stopped early.
    """

    name: str
    size: tuple[int, int]
    seconds: float
    notices: tuple[str, ...]
    stopped: str = ""

    @property
    def summary(self) -> str:
        """The outcome in a line."""
        width, height = self.size
        line = f"{self.name}: {width} x {height} pixels in {self.seconds:.1f} s"
        return f"{line}, {self.stopped}" if self.stopped else line


def paint(job: Job, inputs: Files | None = None, *, begun: float | None = None) -> Outcome:
    """Paint a photo and write the painting.

    Args:
        job: what to paint.
        inputs: files that must not be replaced; None for those of the job.
        begun: when the work was begun, by `time.monotonic`; None for now.

    Raises:
        ImpastoError: as `stylize` and `Painting.save`, or standard input or output is a terminal.
    """
    from impasto.image import output

    begun = time.monotonic() if begun is None else begun
    check_streams(job.input, job.output)
    photo = read_photo(job.input)  # first, as the output's folder may have the same missing parent
    if job.in_folder:
        make_folder(job.output.parent)
    if job.output != STREAM:
        inputs = Files([job.input, *job.look.files()]) if inputs is None else inputs
        output.check_output(job.output, overwrite=job.saving.overwrite, inputs=inputs)
    painting = painter_for(job.look).paint(photo)
    suffix = output_suffix(job.output, job.saving, photo)
    notices = (*painting.notices, *save(painting, job.output, suffix, job.saving))
    name = output_name(job.output)
    return Outcome(name, painting.size, time.monotonic() - begun, notices)


def input_name(path: Path) -> str:
    """Name a photo for messages."""
    return _STANDARD_INPUT if path == STREAM else display_path(path)


def output_name(path: Path) -> str:
    """Name a painting for messages."""
    return _STANDARD_OUTPUT if path == STREAM else display_path(path)


def save(painting: "Painting", path: Path, suffix: str, saving: Saving) -> tuple[str, ...]:
    """Write a painting to a file, or to standard output in the format of a suffix.

    Returns:
        Warnings of one line each, of metadata that the format cannot store.

    Raises:
        OutputError: as `Painting.save`.
    """
    from impasto.image import output

    if path == STREAM:
        _write_to_standard_output(painting, suffix, saving)
    else:
        painting.save(
            path,
            overwrite=saving.overwrite,
            quality=saving.quality,
            strip_metadata=saving.strip_metadata,
        )
    lost = output.left_out(path.with_suffix(suffix), painting.metadata)
    return () if lost is None or saving.strip_metadata else (lost,)


def _write_to_standard_output(painting: "Painting", suffix: str, saving: Saving) -> None:
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


class StreamedPhoto(io.BytesIO):
    """A photo from standard input, with its name for messages."""

    name = _STANDARD_INPUT


def read_photo(path: Path) -> Path | StreamedPhoto:
    """Read the photo on standard input; return the path of a file as it is.

    Raises:
        InputError: standard input is empty, or the file is missing.
    """
    if path != STREAM:
        try:
            path.stat()
        except (OSError, ValueError) as problem:
            raise InputError(f"{display_path(path)}: {os_error_message(problem)}") from problem
        return path
    content = sys.stdin.buffer.read()
    if not content:
        raise InputError("standard input is empty; pipe a photo in, or name a file")
    return StreamedPhoto(content)


def output_suffix(output: Path, saving: Saving, photo: Path | StreamedPhoto) -> str:
    """Choose the suffix of a painting's format: on standard output the photo's, unless it is set.

    Raises:
        InputError: the photo on standard input is no picture.
    """
    if output != STREAM:
        return output.suffix
    if saving.suffix is not None:
        return saving.suffix
    if isinstance(photo, Path):
        return suffix_for(photo)
    from impasto.image import formats

    head = photo.getvalue()[: formats.HEAD_BYTES]
    return suffix_of(formats.identify(head, Path(), photo.name))
