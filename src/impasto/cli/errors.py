"""How the program ends when something goes wrong: with one line that says what, and what to do."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import typer

from impasto.cli import INTERRUPTED
from impasto.errors import ImpastoError
from impasto.system.paths import display_path, is_wrong_path, os_error_message, printable

_UsageError = cast("type[Exception]", typer.BadParameter.__base__)
"""A command line that makes no sense; Typer has this class, but no public name for it."""

_CLEARER = {
    r"a valid int\w*( range)?": "a whole number",
    r"a valid float( range)?": "a number",
    r" is not in the range (\S+)<=x<=(\S+?)\.?$": r"; it must be from \1 to \2",
    r" is not in the range x>=(\S+?)\.?$": r"; it must be at least \1",
}
"""Words of Typer's, and what a user would say."""


def report(problem: BaseException) -> typer.Exit | None:
    """Print a failure of a user's making as one line on standard error.

    Returns:
        The exit to raise in its place; None if it is of another kind.
    """
    if isinstance(problem, ImpastoError):
        return _ended(spelled(str(problem)), problem.exit_code)
    if isinstance(problem, _UsageError):
        # Typer answers `NoArgsIsHelpError` with the help.
        is_help = type(problem).__name__ == "NoArgsIsHelpError"
        return None if is_help else _ended(_misuse(problem), 2)
    if isinstance(problem, MemoryError):
        return _ended("not enough memory; try a smaller --size", 1)
    # A broken pipe ends quietly: whoever read our output has seen enough.
    if isinstance(problem, OSError) and not isinstance(problem, BrokenPipeError):
        where = f"{display_path(Path(str(problem.filename)))}: " if problem.filename else ""
        return _ended(f"{where}{os_error_message(problem)}", 2 if is_wrong_path(problem) else 1)
    return typer.Exit(INTERRUPTED) if isinstance(problem, KeyboardInterrupt) else None


def spelled(message: str) -> str:
    """Spell settings as options: what the library calls `overwrite=True` is `--overwrite` here."""
    return re.sub(r"\b([a-z_]+)=True\b", lambda match: f"--{match[1].replace('_', '-')}", message)


def _ended(message: str, exit_code: int) -> typer.Exit:
    typer.echo(f"impasto: error: {message}", err=True)
    return typer.Exit(exit_code)


def _misuse(problem: Any) -> str:
    """Say what Typer says about a command line in the way of impasto's own messages."""
    alike: Sequence[str] = getattr(problem, "possibilities", None) or ()
    message = problem.message if alike else problem.format_message()
    what = printable(" ".join(message.split()))
    for theirs, ours in _CLEARER.items():
        what = re.sub(theirs, ours, what)
    # Some versions of Typer give what is alike in the message, some beside it.
    what, _, suggestion = what.partition(". Did you mean ")
    what = what[:1].lower() + what[1:].rstrip(".")
    if suggestion or alike:
        return f"{what}; did you mean {suggestion or ' or '.join(alike) + '?'}"
    return what if problem.ctx is None else f"{what}; see {problem.ctx.command_path} --help"
