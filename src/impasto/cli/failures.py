"""How the program ends when something goes wrong: with one line that says what, and what to do."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import typer

from impasto.cli import INTERRUPTED
from impasto.errors import ImpastoError
from impasto.system.paths import is_wrong_path, label, printable, reason

_UsageError = cast("type[Exception]", typer.BadParameter.__base__)
"""A command line that makes no sense; Typer has this class, but no public name for it."""

_CLEARER = {
    r"a valid int\w*( range)?": "a whole number",
    r"a valid float( range)?": "a number",
    r" is not in the range (\S+)<=x<=(\S+?)\.?$": r"; it must be from \1 to \2",
    r" is not in the range x>=(\S+?)\.?$": r"; it must be at least \1",
}
"""Words of Typer's, and what a user would say."""


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn every failure of a user's making into a line on standard error and an exit code.

    Raises:
        typer.Exit: in place of what failed.
    """
    try:
        yield
    except ImpastoError as problem:
        raise _ended(str(problem), problem.exit_code) from None
    except _UsageError as problem:
        if type(problem).__name__ == "NoArgsIsHelpError":
            raise  # which Typer answers with the help
        raise _ended(_misuse(problem), 2) from None
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


def _misuse(problem: Any) -> str:
    """Say what Typer says about a command line in the way of impasto's own messages."""
    alike: Sequence[str] = getattr(problem, "possibilities", None) or ()
    message = problem.message if alike else problem.format_message()
    what = printable(" ".join(message.split()))
    for theirs, ours in _CLEARER.items():
        what = re.sub(theirs, ours, what)
    # Some versions of Typer give what is alike in the message, some beside it.
    what, _, told = what.partition(". Did you mean ")
    what = what[:1].lower() + what[1:].rstrip(".")
    if told or alike:
        return f"{what}; did you mean {told or ' or '.join(alike) + '?'}"
    return what if problem.ctx is None else f"{what}; see {problem.ctx.command_path} --help"
