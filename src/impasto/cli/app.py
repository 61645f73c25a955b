"""The program and its commands.

Neither this module nor the top of a command's module imports NumPy, PyTorch or ONNX Runtime, so
that `impasto --help` answers at once.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from impasto._version import __version__
from impasto.cli.errors import report

COMMANDS = {
    "stylize": "Paint photos in the style of a picture, or of several mixed, in one pass.",
    "optimize": "Paint photos in the style of other pictures, step by step.",
    "mix": "Paint a photo in mixtures of two styles, or of four, on one sheet.",
    "styles": "List the named styles; add your own.",
    "weights": "List the encoders; fetch and verify the weights of VGG-19.",
    "train": "Train the networks that ship with impasto.",
    "evaluate": "Measure how far paintings are from their photos and from their styles.",
    "web": "Serve a studio in the browser, and an HTTP API, to this machine alone.",
    "export": "Export a trained painter to ONNX files.",
    "doctor": "Show what is installed, and paint a test picture with both engines.",
}
"""The commands, each in the module of its name, in the order in which `--help` lists them.

The sentences are those that begin each command's own help. They stand here, too, so that
`impasto --help` need not import every command, which would take a third of its time.
"""

MARKUP: Literal["markdown"] = "markdown"
"""The markup of the texts of `--help`."""


class Commands(Mapping[str, Any]):
    """The commands by name, each imported only when it is looked up."""

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
    """Build a command from a module's `app`, a group of commands, or from its function `name`."""
    module = import_module(f"impasto.cli.{name}")
    alone = typer.Typer(rich_markup_mode=MARKUP, pretty_exceptions_enable=False)
    if hasattr(module, "app"):
        alone.add_typer(module.app, name=name)
    else:
        alone.command(name)(getattr(module, name))
    return get_group(alone).commands[name]


class Program(TyperGroup):
    """A group of commands that reports a user's error in one line."""

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Parse the options before the command."""
        try:
            return super().make_context(*words, **more)
        except Exception as problem:
            if (end := report(problem)) is None:
                raise
            raise end from None

    def invoke(self, ctx: Any) -> Any:
        """Parse the command's words and run it."""
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

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, with one sentence for each command."""
        commands = self.commands
        self.commands = {name: TyperCommand(name, help=line) for name, line in COMMANDS.items()}
        try:
            super().format_help(ctx, formatter)
        finally:
            self.commands = commands


app = typer.Typer(
    cls=Impasto,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=MARKUP,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
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
