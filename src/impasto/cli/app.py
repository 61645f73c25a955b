"""The program: its commands, and how it ends when something goes wrong.

Nothing here or at the top of the commands' modules imports NumPy, PyTorch or ONNX Runtime:
`impasto --help` is to answer at once.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from impasto import __version__
from impasto.cli import (
    INTERRUPTED,
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
from impasto.errors import ImpastoError
from impasto.image.paths import is_wrong_path, label, reason


class Program(TyperGroup):
    """The commands as a group in which every failure of a user's making is one line."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except ImpastoError as problem:
            raise _ended(str(problem), problem.exit_code) from None
        except BrokenPipeError:
            raise  # Typer ends quietly: whoever read our output has seen enough
        except MemoryError:
            raise _ended("not enough memory; try a smaller --size", 1) from None
        except OSError as problem:
            where = f"{label(Path(str(problem.filename)))}: " if problem.filename else ""
            raise _ended(f"{where}{reason(problem)}", 2 if is_wrong_path(problem) else 1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _ended(message: str, exit_code: int) -> typer.Exit:
    typer.echo(f"impasto: error: {message}", err=True)
    return typer.Exit(exit_code)


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
