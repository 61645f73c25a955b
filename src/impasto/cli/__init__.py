"""The command line: parses words, calls the library, shows how it goes."""

import os

INTERRUPTED = 130
"""The exit code that a shell expects of a program that Ctrl-C ended: 128 + SIGINT."""


def main() -> None:
    """The program `impasto`."""
    # Threads that wait for each other sleep instead of spinning, which on a machine that is busy
    # with other work too makes painting several times as fast. Read when PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from impasto.cli.app import app

    app(prog_name="impasto")
