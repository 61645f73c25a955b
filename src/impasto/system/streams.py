"""What libraries in C print, past Python."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_is_program = False


def run_as_program() -> None:
    """Allow `silenced` to take standard error away: this process is all impasto's own."""
    global _is_program
    _is_program = True


@contextmanager
def silenced() -> Iterator[None]:
    """Keep what is printed to standard error meanwhile from being seen, in the program `impasto`.

    libtiff prints lines of its own on files that it cannot read, where one of ours says it all.
    In a program of somebody else's nothing is silenced: other threads may print, too.
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
