"""Silence what C libraries print to standard error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_is_program = False


def run_as_program() -> None:
    """Allow `silenced` to redirect standard error, as this process runs impasto only."""
    global _is_program
    _is_program = True


@contextmanager
def silenced() -> Iterator[None]:
    """Discard what is printed to standard error meanwhile, in the program `impasto`.

    libtiff prints its own lines about files that it cannot read, besides our error. In other
    programs nothing is silenced, as other threads may print, too.
    """
    if not _is_program:
        yield
        return
    with _lock:
        try:
            kept = os.dup(2)
        except OSError:  # there is no standard error
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
