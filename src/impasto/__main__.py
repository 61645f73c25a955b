"""`python -m impasto` is the program `impasto`."""

from impasto.cli import run

run()
