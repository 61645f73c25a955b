"""Run the program `impasto` as `python -m impasto`."""

from impasto.cli import run

run()
