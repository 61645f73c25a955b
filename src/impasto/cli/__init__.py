"""The command line: parses words, calls the library, shows how it goes."""

import sys

INTERRUPTED = 130
"""The exit code that a shell expects of a program that Ctrl-C ended: 128 + SIGINT."""


def main() -> None:
    """The program `impasto`."""
    try:
        from impasto.cli.app import app
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    app(prog_name="impasto")
