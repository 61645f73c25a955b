"""The command line: parses words, calls the library, shows how it goes."""

INTERRUPTED = 130
"""The exit code that a shell expects of a program that Ctrl-C ended: 128 + SIGINT."""


def main() -> None:
    """The program `impasto`."""
    from impasto.cli.app import app

    app(prog_name="impasto")
