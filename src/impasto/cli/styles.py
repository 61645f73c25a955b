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

app = typer.Typer(help="List the styles that have a name; add your own.")

SUFFIX = "styles"
"""The default name of a contact sheet is PHOTO-styles.png."""


@app.callback(invoke_without_command=True)
def list_styles(context: typer.Context) -> None:
    """List the styles that have a name; add your own."""
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
            help="Where it goes [default: PHOTO-styles.png].",
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
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", parser=picture_file, help="A picture in this style."),
    ],
    title: Annotated[str, typer.Option(help="Title of the work.")] = "",
    artist: Annotated[str, typer.Option(help="Its artist.")] = "",
    year: Annotated[str, typer.Option(help="When it was made.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Keep the style of a picture under a name."""
    from impasto.api.sources import load_style
    from impasto.styles import library

    library.free_path(name, overwrite=overwrite)
    style = load_style(image)
    _keep(name, replace(style, title=title, artist=artist, year=year), overwrite)


@app.command()
def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", parser=picture_file, help="A picture in this style."),
    ],
    minutes: Annotated[
        float, typer.Option(min=0.01, max=1440, help="How long to train; Ctrl-C ends it earlier.")
    ] = 5.0,
    photos: Annotated[
        Path | None,
        typer.Option(help="A folder of photos to train on [default: some that ship with impasto]."),
    ] = None,
    content: Annotated[
        float,
        typer.Option(min=0.01, max=100, help="Weight of the photo's content: less is bolder."),
    ] = 1.0,
    preview: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A picture that shows every 20 seconds what was learned so far."
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the work.")] = "",
    artist: Annotated[str, typer.Option(help="Its artist.")] = "",
    year: Annotated[str, typer.Option(help="When it was made.")] = "",
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of the order of photos.")
    ] = 0,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1 or mps [default: the fastest].")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Learn the style of a picture in minutes, better than `add` sees it at once."""
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
    """Add a style to the user's own, and say where it lies and what to know of it."""
    from impasto.styles import library

    for notice in style.notices:
        typer.echo(f"impasto: {notice}", err=True)
    path = library.add(name, style, overwrite=overwrite)
    typer.echo(f"{name}: {display_path(path)}")


@app.command()
def remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]) -> None:
    """Forget a style of your own."""
    from impasto.styles import library

    library.remove(name)


def every() -> "dict[str, Style]":
    """List all styles by name: the shipped ones, and the user's own, which replace them.

    Of the user's own, those whose files are damaged are left out, with a warning.
    """
    from impasto.styles import library, names

    own_styles = {name: _sound(name, path) for name, path in names.own().items()}
    return dict(library.shipped()) | {
        name: style for name, style in own_styles.items() if style is not None
    }


def _sound(name: str, path: Path) -> "Style | None":
    """Read one of the user's own styles; None with a warning if it is damaged."""
    from impasto.styles import library

    try:
        return library.read(path)
    except InputError as problem:
        forget = f"`impasto styles remove {shlex.quote(name)}` forgets it"
        typer.echo(f"impasto: {problem}; {forget}", err=True)
    return None
