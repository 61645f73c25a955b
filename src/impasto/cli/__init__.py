"""The command line: parse words, call the library, show progress."""

import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from impasto.cli import startup
from impasto.system import streams

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C has ended: 128 + SIGINT."""

_IMPORTING = "<frozen importlib._bootstrap>"
"""File name in the stack frames of an import."""

_SHOW_CURSOR = b"\x1b[?25h"
"""Shows the cursor of a terminal, which a progress bar may have hidden."""


def run() -> NoReturn:
    """Run the program `impasto` and end the process."""
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
    for stream in (sys.stdout, sys.stderr):  # their encoding may lack letters of names
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
    finally:  # Python would print tracebacks if it were interrupted while it ends
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


def _end(number: int, frame: FrameType | None) -> None:
    """End the program on Ctrl-C or SIGTERM by an exception, which cleans up.

    During an import the process ends at once: an exception could be lost in C, or be mistaken for a
    missing module, and there is nothing to clean up yet.
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
