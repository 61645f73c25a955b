"""Measure the free memory, without PyTorch."""

import os
from collections.abc import Iterator
from pathlib import Path

USABLE = 0.7
"""Fraction of the free memory to plan with; other programs need some, too."""

_LIMITS = (
    (("memory.max", "memory.high"), "memory.current", ("inactive_file", "active_file")),
    (
        ("memory.limit_in_bytes",),
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
)
"""Files of a control group, for versions 2 and 1: the limits, the usage, and the entries of
`memory.stat` that count the cache of files, which can be freed."""


def free_bytes(root: Path = Path("/")) -> int | None:
    """Measure the memory that this process can use.

    It is the machine's available memory, or what the control group of a container leaves, if that
    is less; half of all memory if the system does not report how much is in use; None if it reports
    nothing.

    Args:
        root: of the file system, for tests.
    """
    amounts = [_available(root / "proc/meminfo"), *map(_left, _groups(root))]
    known = [amount for amount in amounts if amount is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    """Read the machine's available memory."""
    for line in _lines(meminfo):
        name, _, amount = line.partition(":")
        kilobytes = _whole(amount.removesuffix("kB"))
        if name == "MemAvailable" and kilobytes is not None:
            return kilobytes * 1024
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _groups(root: Path) -> Iterator[Path]:
    """List the folders of the control groups that limit this process's memory.

    These are its own group and all above it. A container may see its own group as the topmost one,
    but under the path that it has on the host; the folders in between are then missing.
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
    """Compute how much more memory a control group allows; None if it has no limit."""
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
    """Read a file that holds one number; None if there is no such file."""
    lines = _lines(file)
    return _whole(lines[0]) if lines else None


def _whole(word: str) -> int | None:
    try:
        return int(word)
    except ValueError:
        return None


def _lines(file: Path) -> list[str]:
    """Read the lines of a system file; an empty list if there is no such file."""
    try:
        return file.read_text("utf-8", errors="replace").splitlines()
    except (OSError, ValueError):  # a ValueError for an impossible name
        return []
