"""`impasto stylize`: paints photos in one pass."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli import startup
from impasto.cli.completion import style_words
from impasto.cli.options import settings_from, with_settings
from impasto.cli.words import (
    ModelFile,
    Overwrite,
    RegionWords,
    names_folder,
    output_word,
    parse_region,
    parse_style,
    picture_file,
)
from impasto.errors import ImpastoError, InputError, OutputError, SettingError
from impasto.image.suffixes import pictures_in
from impasto.settings import StylizeSettings
from impasto.system.paths import label, reason

PAINTED = "painted"
"""The folder in a folder of photos that their paintings go to."""


@with_settings(StylizeSettings, ("strength", "size", "brush", "colour", "work_size"))
def stylize(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTO...",
            help="Photos, or folders of them.",
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
            help="A picture, or a name that `impasto styles` lists; again to mix several.",
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
            help="A file; or a folder, without a suffix or with a / at the end "
            f"[default: PHOTO-STYLE.png beside the photo; of a folder, in FOLDER/{PAINTED}].",
        ),
    ] = None,
    model: ModelFile = None,
    overwrite: Overwrite = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
    ] = False,
    **options: Any,
) -> None:
    """Paint photos in the style of a picture, or of several mixed, in one pass.

    Of several photos, one that cannot be painted does not keep the others from it: all such
    are told at the end, and the exit code is 1.
    """
    begun = time.monotonic()
    settings = settings_from(StylizeSettings, options)
    if settings.colour == "style":
        startup.use_one_blas_thread()
    startup.import_onnxruntime_ahead()
    if not style and not region:
        raise SettingError("there is no style; name one, as in --style great-wave")
    styles = [parse_style(word) for word in style or []]
    parts = [parse_region(word) for word in region or []]
    every = [path for path, _ in styles] + [path for _, path, _ in parts]
    jobs = plan([*(photos or []), *(content or [])], [path.stem for path in every], output)

    from impasto import api
    from impasto.image.output import check_output
    from impasto.system.files import make_folder

    painter = api.Painter(styles, regions=parts, model=model, settings=settings)
    given = [*every, *(Path(mask) for mask, _, _ in parts)]
    inputs = [*(job.photo for job in jobs), *(path for path in given if path.exists())]
    said: set[str] = set()

    def paint(job: Job) -> None:
        started = begun if len(jobs) == 1 else time.monotonic()
        _check_present(job.photo)  # or the output's folder, named after it, would be blamed
        check_output(job.output, overwrite=overwrite, inputs=inputs)
        painting = painter.paint(job.photo)
        painting.save(job.output, overwrite=overwrite)
        for notice in painting.notices:
            if notice not in said:  # those of styles and masks come with every painting
                typer.echo(f"impasto: {notice}", err=True)
        said.update(painting.notices)
        if not quiet:
            width, height = painting.size
            seconds = time.monotonic() - started
            _say(f"{label(job.output)}: {width} x {height} pixels in {seconds:.1f} s")

    for folder in {job.output.parent for job in jobs if job.in_folder}:
        make_folder(folder)
    if len(jobs) == 1:
        paint(jobs[0])
    else:
        paint_all(jobs, paint, quiet)


@dataclass(frozen=True)
class Job:
    """A photo, where its painting goes, and whether that is into a folder to be made."""

    photo: Path
    output: Path
    in_folder: bool


def plan(named: Sequence[Path], style_names: Sequence[str], output: str | None) -> list[Job]:
    """Every photo that is named or lies in a folder that is named, and an output of its own.

    Raises:
        SettingError: no photo is named.
        InputError: a folder holds none.
        OutputError: there are several and one file to write to.
    """
    from impasto.batch.names import default_output

    if not named:
        raise SettingError("there is no photo; name one, or a folder of them")
    photos = list(dict.fromkeys((p, _is_folder(path)) for path in named for p in _photos(path)))
    given = None if output is None else Path(output)
    if output is not None and given is not None and not names_folder(output):
        if len(photos) > 1:
            raise OutputError(
                f"{label(given)}: one file for {len(photos)} paintings; name a folder"
            )
        return [Job(photos[0][0], given, in_folder=False)]
    jobs = []
    taken: set[str] = set()
    for photo, from_folder in photos:
        folder = given or (photo.parent / PAINTED if from_folder else None)
        painting = _free(default_output(photo, style_names, folder), taken)
        jobs.append(Job(photo, painting, in_folder=folder is not None))
    return jobs


def _free(path: Path, taken: set[str]) -> Path:
    """The path, with a number where another painting has it: of photo.jpg, say, and photo.png.

    Names that differ in the case of letters only are one to many disks.
    """
    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    free = next(name for name in chain([path], names) if str(name).casefold() not in taken)
    taken.add(str(free).casefold())
    return free


def paint_all(jobs: Sequence[Job], paint: Callable[[Job], None], quiet: bool) -> None:
    """Paints what can be painted, and tells the rest at the end.

    Raises:
        typer.Exit: with code 1, if there is a rest.
    """

    def failure(job: Job) -> str | None:
        try:
            paint(job)
        except ImpastoError as problem:
            name = label(job.photo)
            return f"{name}: {str(problem).removeprefix(f'{name}: ')}"
        return None

    failures = [line for job in _with_bar(jobs, quiet) if (line := failure(job)) is not None]
    for line in failures:
        typer.echo(f"impasto: error: {line}", err=True)
    if failures:
        typer.echo(f"impasto: {len(failures)} of {len(jobs)} photos were not painted", err=True)
        raise typer.Exit(1)


def _check_present(photo: Path) -> None:
    try:
        photo.stat()
    except (OSError, ValueError) as problem:
        raise InputError(f"{label(photo)}: {reason(problem)}") from problem


def _say(line: str) -> None:
    """Prints a line, unless whoever read our output has left: paintings are still wanted."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        # What is still buffered would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_folder(path: Path) -> bool:
    """`Path.is_dir`, but False for a name that is too long, where that raises an error."""
    return os.path.isdir(path)  # noqa: PTH112


def _photos(path: Path) -> list[Path]:
    if not _is_folder(path):
        return [path]
    found = pictures_in(path)
    if not found:
        raise InputError(f"{label(path)}: there is no photo in this folder")
    return found


def _with_bar(jobs: Sequence[Job], quiet: bool) -> Iterable[Job]:
    """The jobs, with a bar on a terminal while they are worked through."""
    if quiet or not sys.stderr.isatty():
        return jobs
    from rich.console import Console
    from rich.progress import track

    return track(jobs, "painting", console=Console(stderr=True), transient=True)
