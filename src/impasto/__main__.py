"""`python -m impasto` is the program `impasto`."""

from impasto.cli import main

main()
