"""The program and its commands.

Nothing here or at the top of the commands' modules imports NumPy, PyTorch or ONNX Runtime:
`impasto --help` is to answer at once.
"""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from impasto import __version__
from impasto.cli import (
    doctor,
    evaluate,
    export,
    mix,
    optimize,
    styles,
    stylize,
    train,
    weights,
)
from impasto.cli.failures import in_one_line


class Program(TyperGroup):
    """The commands as a group in which every failure of a user's making is one line."""

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Reads the options that stand before the command."""
        with in_one_line():
            return super().make_context(*words, **more)

    def invoke(self, ctx: Any) -> Any:
        """Reads the words of the command, and runs it."""
        with in_one_line():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"impasto {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Turn photos into paintings."""


app.command("stylize")(stylize.stylize)
app.command("optimize")(optimize.optimize)
app.command("mix")(mix.mix)
app.add_typer(styles.app, name="styles")
app.add_typer(weights.app, name="weights")
app.add_typer(train.app, name="train")
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("doctor")(doctor.doctor)
