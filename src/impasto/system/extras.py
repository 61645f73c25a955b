"""Check for optional dependencies, and prepare the start of PyTorch."""

import os
import sys
from importlib.util import find_spec

from impasto.errors import MissingExtraError

_forked_with_torch = False


def _after_fork() -> None:
    global _forked_with_torch
    _forked_with_torch = "torch" in sys.modules


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def torch_was_forked() -> bool:
    """Tell whether this process was forked from one in which PyTorch was loaded.

    PyTorch then hangs unless it uses a single thread, as it waits for threads that the parent had
    started and a fork does not copy.
    """
    return _forked_with_torch


def require(feature: str, extra: str, *modules: str) -> None:
    """Check that modules can be imported, without importing them.

    Raises:
        MissingExtraError: one is not installed; the message names the extra that includes it.
    """
    if not all(find_spec(module) for module in modules):
        raise MissingExtraError(feature, extra)
    if "torch" in modules:
        _let_threads_sleep()


def _let_threads_sleep() -> None:
    """Let PyTorch's waiting threads spin for microseconds, and then sleep.

    If they keep spinning, painting is several times slower on a machine that is busy with other
    work; if they sleep at once, it is a fifth slower on an idle one. PyTorch reads these variables
    when it is loaded. Values that the user has set are kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
