"""Report errors in one line that says what is wrong and what to do."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import typer

from impasto.cli import INTERRUPTED
from impasto.errors import ImpastoError
from impasto.system.paths import display_path, is_wrong_path, os_error_message, printable

_UsageError = cast("type[Exception]", typer.BadParameter.__base__)
"""Raised for an invalid command line; Typer has no public name for this class."""

_CLEARER = {
    r"^(?i:got) unexpected extra arguments?(\(s\))? \((.*)\)$": r"too many words: \2",
    r"a valid int\w*( range)?": "a whole number",
    r"a valid float( range)?": "a number",
    r" is not in the range (\S+)<=x<=(\S+?)\.?$": r"; it must be from \1 to \2",
    r" is not in the range x>=(\S+?)\.?$": r"; it must be at least \1",
}
"""Typer's words, and plainer ones."""


def report(problem: BaseException) -> typer.Exit | None:
    """Print an error that the user can act on as one line on standard error.

    Returns:
        The exit to raise instead; None for any other error.
    """
    if isinstance(problem, ImpastoError):
        return _ended(spelled(str(problem)), problem.exit_code)
    if isinstance(problem, _UsageError):
        # Typer answers `NoArgsIsHelpError` with the help.
        is_help = type(problem).__name__ == "NoArgsIsHelpError"
        return None if is_help else _ended(_misuse(problem), 2)
    if isinstance(problem, MemoryError):
        return _ended("not enough memory; try a smaller --size", 1)
    # A broken pipe is no error: the reader of our output has closed it.
    if isinstance(problem, OSError) and not isinstance(problem, BrokenPipeError):
        where = f"{display_path(Path(str(problem.filename)))}: " if problem.filename else ""
        return _ended(f"{where}{os_error_message(problem)}", 2 if is_wrong_path(problem) else 1)
    return typer.Exit(INTERRUPTED) if isinstance(problem, KeyboardInterrupt) else None


def spelled(message: str) -> str:
    """Convert settings in a message to options, such as `overwrite=True` to `--overwrite`."""
    return re.sub(r"\b([a-z_]+)=True\b", lambda match: f"--{match[1].replace('_', '-')}", message)


def _ended(message: str, exit_code: int) -> typer.Exit:
    typer.echo(f"impasto: error: {message}", err=True)
    return typer.Exit(exit_code)


def _misuse(problem: Any) -> str:
    """Rewrite Typer's message about a command line in the style of impasto's messages."""
    alike: Sequence[str] = getattr(problem, "possibilities", None) or ()
    message = problem.message if alike else problem.format_message()
    what = printable(" ".join(message.split()))
    for theirs, ours in _CLEARER.items():
        what = re.sub(theirs, ours, what)
    # Some versions of Typer give suggestions in the message, others separately.
    what, _, suggestion = what.partition(". Did you mean ")
    what = what[:1].lower() + what[1:].rstrip(".")
    if suggestion or alike:
        return f"{what}; did you mean {suggestion or ' or '.join(alike) + '?'}"
    return what if problem.ctx is None else f"{what}; see {problem.ctx.command_path} --help"
