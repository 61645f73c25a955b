"""The command line: parses words, calls the library, shows how it goes."""

import os

INTERRUPTED = 130
"""The exit code that a shell expects of a program that Ctrl-C ended: 128 + SIGINT."""


def main() -> None:
    """The program `impasto`."""
    # Threads that wait for each other spin for some microseconds, then sleep. Spinning on makes
    # painting several times as slow on a machine that is busy with other work too; sleeping at
    # once, a fifth slower on one that is not. Read when PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    from impasto.cli.app import app

    app(prog_name="impasto")
