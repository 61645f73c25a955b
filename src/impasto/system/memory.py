"""How much memory is free, for both engines, without PyTorch."""

import os
from collections.abc import Iterator
from pathlib import Path

USABLE = 0.7
"""The part of the free memory to plan with: others want some, too."""

_LIMITS = (
    (("memory.max", "memory.high"), "memory.current", ("inactive_file", "active_file")),
    (
        ("memory.limit_in_bytes",),
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
)
"""The files of a control group, of version 2 and of version 1: its limits, from one of which on it
is slowed down; what it has taken; and the entries of its `memory.stat` for what it has taken only
to read files faster."""


def free_bytes(root: Path = Path("/")) -> int | None:
    """Measure the memory that this process can have.

    That is what the machine has left, or less where a control group, as of a container, allows
    less; half of all where the system does not say how much is taken; None where it tells nothing.

    That is what the machine has left, or less where a control group, as of a container, allows
    less; half of all where the system does not say how much is taken; None where it tells nothing.

    Args:
        root: where Linux shows its state.
    """
    amounts = [_available(root / "proc/meminfo"), *map(_left, _groups(root))]
    known = [amount for amount in amounts if amount is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    """Measure what the machine has left."""
    for line in _lines(meminfo):
        name, _, amount = line.partition(":")
        kilobytes = _whole(amount.removesuffix("kB"))
        if name == "MemAvailable" and kilobytes is not None:
            return kilobytes * 1024
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _groups(root: Path) -> Iterator[Path]:
    """List the folders of the control groups that may limit this process's memory.

    These are its own and all above it, whose limits hold for it, too.

    These are its own and all above it, whose limits hold for it, too.

    A container may see its own group as the topmost one, under a path that is the host's; then
    the folders in between are missing, and only the topmost is one.
    """
    for line in _lines(root / "proc/self/cgroup"):
        parts = line.split(":", 2)
        if len(parts) < 3:
            continue
        _, controllers, path = parts
        if not controllers:  # version 2
            top = root / "sys/fs/cgroup"
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
        else:
            continue
        group = top / path.strip("/")
        yield group
        yield from (above for above in group.parents if above.is_relative_to(top))


def _left(group: Path) -> int | None:
    """Compute what a control group allows beyond what it has taken; None without a limit."""
    for limits, usage, of_files in _LIMITS:
        allowed = [amount for limit in limits if (amount := _number(group / limit)) is not None]
        used = _number(group / usage)
        if allowed and used is not None:
            pairs = (line.split() for line in _lines(group / "memory.stat"))
            stat = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
            for_files = sum(_whole(stat.get(entry, "")) or 0 for entry in of_files)
            return max(0, min(allowed) - used + for_files)
    return None


def _number(file: Path) -> int | None:
    """Read the number that is all of a file; None where there is none."""
    lines = _lines(file)
    return _whole(lines[0]) if lines else None


def _whole(word: str) -> int | None:
    try:
        return int(word)
    except ValueError:
        return None


def _lines(file: Path) -> list[str]:
    """Read the lines of a file of the system's; none where there is no such file."""
    try:
        return file.read_text("utf-8", errors="replace").splitlines()
    except (OSError, ValueError):  # a ValueError for a name that no system takes
        return []
