"""`impasto styles`: the library of styles."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.arguments import Overwrite, output_file, picture_file
from impasto.cli.sheet import DeviceWord, write_sheet
from impasto.errors import InputError
from impasto.settings import StylizeSettings
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.styles.embedding import Style

app = typer.Typer()

SUFFIX = "styles"
"""In the default name of a contact sheet, PHOTO-styles.png."""


@app.callback(invoke_without_command=True)
def list_styles(context: typer.Context) -> None:
    """List the named styles; add your own.

    Without a command, the names are listed with titles and artists.
    """
    if context.invoked_subcommand is not None:
        return
    styles = every()
    width = max(map(len, styles))
    for name, style in styles.items():
        work = ", ".join(part for part in (style.title, style.artist, style.year) if part)
        typer.echo(f"{name:{width}}  {work}".rstrip())


@app.command()
def sheet(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", parser=picture_file, help="The photo.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            parser=output_file,
            help="The sheet [default: PHOTO-styles.png].",
        ),
    ] = None,
    overwrite: Overwrite = False,
    device: DeviceWord = "auto",
) -> None:
    """Paint one photo in every style, on one labelled sheet."""
    from impasto.batch.names import default_output
    from impasto.image.output import check_output
    from impasto.image.sheet import SIDE

    path = output or default_output(photo, [SUFFIX], suffix=".png")
    check_output(path, overwrite=overwrite, inputs=[photo])
    settings = StylizeSettings(size=SIDE, device=device)
    write_sheet(path, photo, list(every().items()), settings, overwrite=overwrite)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the style.")],
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", parser=picture_file, help="A picture in the style."),
    ],
    title: Annotated[str, typer.Option(help="Title of the work.")] = "",
    artist: Annotated[str, typer.Option(help="Artist of the work.")] = "",
    year: Annotated[str, typer.Option(help="Year of the work.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Add the style of a picture under a name."""
    from impasto.api.sources import load_style
    from impasto.styles import library

    library.free_path(name, overwrite=overwrite)
    style = load_style(image)
    _keep(name, replace(style, title=title, artist=artist, year=year), overwrite)


@app.command()
def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the style.")],
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", parser=picture_file, help="A picture in the style."),
    ],
    minutes: Annotated[
        float, typer.Option(min=0.01, max=1440, help="How long to train; Ctrl-C ends it early.")
    ] = 5.0,
    photos: Annotated[
        Path | None,
        typer.Option(help="A folder of photos to train on [default: some that ship with impasto]."),
    ] = None,
    content: Annotated[
        float,
        typer.Option(min=0.01, max=100, help="How closely to keep the photo: less is bolder."),
    ] = 1.0,
    preview: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A picture in the style so far, painted every 20 seconds."
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the work.")] = "",
    artist: Annotated[str, typer.Option(help="Artist of the work.")] = "",
    year: Annotated[str, typer.Option(help="Year of the work.")] = "",
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of the order of photos.")
    ] = 0,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1 or mps [default: the fastest].")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Learn the style of a picture in minutes, with better strokes than `add`."""
    from impasto.api.style_training import train_style_steps
    from impasto.cli.style_training import watched
    from impasto.image.output import check_output
    from impasto.styles import library

    library.free_path(name, overwrite=overwrite)
    if preview is not None:
        check_output(preview, overwrite=True, inputs=[image])
    steps = train_style_steps(
        image, minutes=minutes, photos=photos, content=content, seed=seed, device=device
    )
    style = watched(steps, minutes, preview)
    _keep(name, replace(style, title=title, artist=artist, year=year), overwrite)


def _keep(name: str, style: "Style", overwrite: bool) -> None:
    """Save a style as one of the user's own, and print its notices and its file."""
    from impasto.styles import library

    for notice in style.notices:
        typer.echo(f"impasto: {notice}", err=True)
    path = library.add(name, style, overwrite=overwrite)
    typer.echo(f"{name}: {display_path(path)}")


@app.command()
def remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the style.")]) -> None:
    """Remove one of your own styles."""
    from impasto.styles import library

    library.remove(name)
    typer.echo(f"{name}: removed")


def every() -> "dict[str, Style]":
    """Load all styles by name: those that ship, and the user's own, which replace them.

    Own styles in damaged files are left out, with a warning.
    """
    from impasto.styles import library, names

    own_styles = {name: _sound(name, path) for name, path in names.own().items()}
    return dict(library.shipped()) | {
        name: style for name, style in own_styles.items() if style is not None
    }


def _sound(name: str, path: Path) -> "Style | None":
    """Read one of the user's own styles; print a warning and return None if it is damaged."""
    from impasto.styles import library

    try:
        return library.read(path)
    except InputError as problem:
        forget = f"`impasto styles remove {shlex.quote(name)}` removes it"
        typer.echo(f"impasto: {problem}; {forget}", err=True)
    return None
