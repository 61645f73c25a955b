"""Whether the optional dependencies are installed, and how PyTorch is to start."""

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
    """Tell whether this process was forked from one in which PyTorch was loaded already.

    Then PyTorch waits for ever for the threads that its parent had started and a fork leaves
    behind, unless it works with one thread.
    """
    return _forked_with_torch


def require(feature: str, extra: str, *modules: str) -> None:
    """Make sure that modules can be imported, without importing them.

    Raises:
        MissingExtraError: one is not installed; the message names the extra that brings it.
    """
    if not all(find_spec(module) for module in modules):
        raise MissingExtraError(feature, extra)
    if "torch" in modules:
        _let_threads_sleep()


def _let_threads_sleep() -> None:
    """Let PyTorch's threads spin for microseconds when they wait, and then sleep.

    Spinning on makes painting several times as slow on a machine that is busy with other work
    too; sleeping at once, a fifth slower on one that is not. The variables are read when PyTorch
    is loaded; what the user has set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
