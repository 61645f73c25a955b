"""`impasto weights`: list, download and verify the weights of encoders."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from impasto.errors import DownloadError, MissingExtraError, WeightsError

app = typer.Typer(
    no_args_is_help=True,
    help="List the encoders; fetch and verify the weights of VGG-19. The others ship with impasto.",
)


@app.command("list")
def list_files() -> None:
    """List the encoders, and whether and where their weights are stored."""
    from impasto.networks import downloads
    from impasto.networks.encoders import ENCODERS

    for name, encoder in ENCODERS.items():
        typer.echo(f"{name}: {encoder.purpose} ({encoder.licence})")
        if encoder.asset is not None:
            typer.echo("  ships with impasto, nothing to fetch")
            continue
        typer.echo(f"  {downloads.official(name).size / 1e6:.0f} MB, {state(name)}")
        typer.echo(f"  {place(name)}")


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Of an encoder: vgg19.")],
) -> None:
    """Download official weights into the cache and verify them."""
    from impasto.networks import downloads
    from impasto.networks.encoders import ENCODERS

    # First check all names, as a download takes long.
    shipped = {name for name, encoder in ENCODERS.items() if encoder.asset is not None}
    for name in names:
        if name not in shipped:
            downloads.official(name)
    for name in names:
        if name in shipped:
            typer.echo(f"{name}: ships with impasto, nothing to fetch")
            continue
        fetch_with_bar(name)
        typer.echo(f"{name}: {downloads.cached_path(name)}")


@app.command()
def verify() -> None:
    """Verify the SHA-256 of every file of weights."""
    from impasto.networks import downloads
    from impasto.networks.encoders import ENCODERS, is_sound

    for name, encoder in ENCODERS.items():
        if encoder.asset is not None:
            if not is_sound(name):
                raise WeightsError(
                    f"{encoder.asset}: damaged (SHA-256 differs); install impasto again"
                )
            typer.echo(f"{name}: sound")
        elif (what := state(name)) in ("fetched", "damaged"):
            downloads.verify(name)
            typer.echo(f"{name}: sound")
        else:
            typer.echo(f"{name}: {what}")


def state(name: str) -> str:
    """Describe the state of an official file in a word or two."""
    from impasto.networks import downloads

    try:
        if downloads.is_cached(name):
            return "fetched"
    except (WeightsError, MissingExtraError) as problem:
        return str(problem)
    return "damaged" if downloads.cached_path(name).exists() else "not fetched"


def place(name: str) -> str:
    """Return the path of an official file, or why it is unknown."""
    from impasto.networks import downloads

    try:
        return str(downloads.cached_path(name))
    except (WeightsError, MissingExtraError):
        return "nowhere yet"


@contextmanager
def or_else(advice: str) -> Iterator[None]:
    """Add advice to the message of a download that fails.

    Args:
        advice: continues "put the file there".
    """
    try:
        yield
    except DownloadError as problem:
        raise DownloadError(f"{problem}{advice}") from problem


def fetch_with_bar(name: str) -> None:
    """Download an official file into the cache, with a progress bar, unless it is there."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from impasto.networks import downloads

    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    silent = not console.is_terminal  # a bar would print an empty line
    with Progress(*columns, console=console, transient=True, disable=silent) as bar:
        task = bar.add_task(name, total=downloads.official(name).size)
        downloads.fetch(name, progress=lambda done, _: bar.update(task, completed=done))
