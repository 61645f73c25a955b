"""`impasto weights`: the official VGG files that the optimization engine can use."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from impasto.errors import DownloadError

app = typer.Typer(
    no_args_is_help=True,
    help="List, fetch and verify the weights of VGG. The compact encoder needs none of them.",
)


@app.command("list")
def list_files() -> None:
    """List the encoders, where their weights lie, and whether they are there."""
    from impasto.networks import weights

    typer.echo("compact: the default encoder\n  ships with impasto, nothing to fetch")
    for name, file in weights.OFFICIAL.items():
        typer.echo(f"{name}: {file.purpose}")
        typer.echo(f"  {file.size / 1e6:.0f} MB, {state(name)}")
        typer.echo(f"  {weights.cached_path(name)}")


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="vgg16, vgg19.")],
) -> None:
    """Download official weights into the cache and verify them."""
    from impasto.networks import weights

    # A misspelt second name should not surface after a long download of the first.
    for name in names:
        weights.official(name)
    for name in names:
        fetch_with_bar(name)
        typer.echo(f"{name}: {weights.cached_path(name)}")


@app.command()
def verify() -> None:
    """Compare the SHA-256 of every fetched file with the official one."""
    from impasto.networks import weights

    fetched = [name for name in weights.OFFICIAL if weights.cached_path(name).exists()]
    if not fetched:
        typer.echo("no weights have been fetched")
    for name in fetched:
        weights.verify(name)
        typer.echo(f"{name}: sound")


def state(name: str) -> str:
    """Whether an official file is there: in a word or two."""
    from impasto.networks import weights

    if weights.is_cached(name):
        return "fetched"
    return "damaged" if weights.cached_path(name).exists() else "not fetched"


@contextmanager
def or_else(advice: str) -> Iterator[None]:
    """Within this, a download that fails is told with what else a command offers.

    Args:
        advice: goes on after "put the file there".
    """
    try:
        yield
    except DownloadError as problem:
        raise DownloadError(f"{problem}{advice}") from problem


def fetch_with_bar(name: str) -> None:
    """Downloads an official file into the cache, with a bar; nothing happens if it is there."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from impasto.networks import weights

    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    silent = not console.is_terminal  # where a bar would be an empty line
    with Progress(*columns, console=console, transient=True, disable=silent) as bar:
        task = bar.add_task(name, total=weights.official(name).size)
        weights.fetch(name, progress=lambda done, _: bar.update(task, completed=done))
