"""Cold-start tricks: delete any of these and only speed changes.

A small painting takes a few tenths of a second, most of them to start. Times were measured on two
cores, file to file, 512 x 512 pixels; see benchmarks/README.md for the command.
"""

import gc
import os
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

_OBJECTS = 100_000
"""How many new objects make Python look for garbage; its own number is smaller. A painting in one
pass makes about 50,000; looking through them takes 13 to 30 ms."""

_NEED_AN_END = ("torch", "matplotlib")
"""Packages that may have processes to stop, or files to remove, when Python ends."""


def collect_less_garbage() -> None:
    """Let Python look for garbage more rarely: imports make many objects and hardly any garbage."""
    gc.set_threshold(_OBJECTS)


def import_onnxruntime_ahead() -> None:
    """Start to import ONNX Runtime in a thread, so that it is loaded when it is needed.

    It takes longer to load than anything else, mostly without Python's lock. NumPy, which it needs,
    is imported first: two threads must not do so at once.
    """
    import numpy  # noqa: F401

    def load() -> None:
        with suppress(ImportError):
            import_module("impasto.feedforward.runtime")

    threading.Thread(target=load, daemon=True).start()


def use_one_blas_thread() -> None:
    """Let NumPy start no threads of its own, unless the user has said how many.

    Painting in the style's colours multiplies small matrices only. Starting threads for large ones
    costs more than they save.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def leave(code: str | int | None) -> NoReturn:
    """End the program with an exit code, as `sys.exit` does, but without unloading the modules.

    Unloading takes a tenth of the time of a small painting; the system does it at once. While a
    thread still computes, as after Ctrl-C in `impasto web`, unloading would crash.
    """
    computes = any(thread.daemon for thread in threading.enumerate())
    needs_an_end = any(name in sys.modules for name in _NEED_AN_END)
    if isinstance(code, int) and (computes or not needs_an_end):
        with suppress(OSError, ValueError):  # `sys.exit` reports what cannot be printed
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)
    sys.exit(code)
