"""The command line: parses words, calls the library, shows how it goes."""

import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from impasto.cli import startup
from impasto.system import streams

INTERRUPTED = 130
"""The exit code that a shell expects of a program that Ctrl-C ended: 128 + SIGINT."""

_IMPORTING = "<frozen importlib._bootstrap>"
"""Where, in every stack, an import under way is to be found."""

_SHOW_CURSOR = b"\x1b[?25h"
"""What a terminal is to be told where a progress bar may have hidden it."""


def run() -> NoReturn:
    """Run the program `impasto` in a process of its own, and end the process."""
    try:
        main()
    except SystemExit as end:
        startup.leave(end.code)


def main() -> NoReturn:
    """Run the program `impasto` with the words in `sys.argv`.

    Raises:
        SystemExit: always, with the exit code.
    """
    startup.collect_less_garbage()
    streams.run_as_program()
    for stream in (sys.stdout, sys.stderr):  # whose encoding may lack letters of a name
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    code: str | int | None = None
    try:
        from impasto.cli.app import app

        app(prog_name="impasto")
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as end:
        code = end.code
    finally:  # nothing is left to clean up, and Python ends with tracebacks if interrupted
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


def _end(number: int, frame: FrameType | None) -> None:
    """End the program when Ctrl-C or the system asks for it, by an exception, which cleans up.

    But at once while a module is being imported: there an exception can be lost in C, or be taken
    for the module's being missing, and there is nothing yet to clean up.
    """
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            if os.isatty(2):
                os.write(2, _SHOW_CURSOR)
            os._exit(128 + number)
        frame = frame.f_back
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
