"""The program and its commands.

Nothing here or at the top of the commands' modules imports NumPy, PyTorch or ONNX Runtime:
`impasto --help` is to answer at once.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup
from typer.main import get_group

from impasto._version import __version__
from impasto.cli.errors import report

COMMANDS = (
    "stylize",
    "optimize",
    "mix",
    "styles",
    "weights",
    "train",
    "evaluate",
    "export",
    "doctor",
)
"""The commands, each in the module of its name, in the order in which `--help` lists them."""

MARKUP: Literal["markdown"] = "markdown"
"""What the texts of `--help` are written in."""


class Commands(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for: who paints needs but one."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = _command(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _command(name: str) -> Any:
    """Make a command of a module's `app`, a group of commands, or of its function `name`."""
    module = import_module(f"impasto.cli.{name}")
    alone = typer.Typer(rich_markup_mode=MARKUP, pretty_exceptions_enable=False)
    if hasattr(module, "app"):
        alone.add_typer(module.app, name=name)
    else:
        alone.command(name)(getattr(module, name))
    return get_group(alone).commands[name]


class Program(TyperGroup):
    """The commands as a group in which every failure of a user's making is one line."""

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Read the options that stand before the command."""
        try:
            return super().make_context(*words, **more)
        except Exception as problem:
            if (end := report(problem)) is None:
                raise
            raise end from None

    def invoke(self, ctx: Any) -> Any:
        """Read the words of the command, and run it."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as problem:
            if (end := report(problem)) is None:
                raise
            raise end from None


class Impasto(Program):
    """The program with its commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = Commands()


app = typer.Typer(
    cls=Impasto,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=MARKUP,
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
