"""Processor cores: how many threads the user wants, and how many cores there are to use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_limit: ContextVar[int | None] = ContextVar("limit", default=None)


@contextmanager
def limited(threads: int | None) -> Iterator[None]:
    """Limit the number of `threads` in the body; None keeps the limit around it."""
    token = _limit.set(threads or _limit.get())
    try:
        yield
    finally:
        _limit.reset(token)


def threads() -> int:
    """Choose the number of threads: the limit, or else OMP_NUM_THREADS, or one for each core."""
    return _limit.get() or wanted_threads() or usable_cores()


def wanted_threads() -> int | None:
    """Read the number of threads in OMP_NUM_THREADS; None if it is not set to one."""
    word = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(word) if word.isdecimal() and int(word) > 0 else None


def usable_cores() -> int:
    """Count the processor cores that this process may use: in many containers, not all."""
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
