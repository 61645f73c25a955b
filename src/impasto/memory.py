"""How much memory is free, for both engines, without PyTorch."""

import os
from collections.abc import Iterator
from pathlib import Path

USABLE = 0.7
"""The part of the free memory to plan with: others want some, too."""

_LIMITS = {
    "memory.max": ("memory.current", ("inactive_file", "active_file")),
    "memory.limit_in_bytes": (
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
}
"""The files of a control group, of version 2 and of version 1: its limit, what it has taken, and
the entries of its `memory.stat` for what it has taken only to read files faster."""


def free_bytes(root: Path = Path("/")) -> int | None:
    """The memory that this process can have: what the machine has left, or less where a control
    group, as of a container, allows less. Half of all, where the system does not say how much is
    taken; None where it does not even tell that.

    Args:
        root: where Linux shows its state.
    """
    found = [_available(root / "proc/meminfo"), *map(_left, _groups(root))]
    known = [amount for amount in found if amount is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    """What the machine has left."""
    for line in _lines(meminfo):
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return int(amount.split()[0]) * 1024
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the control groups that may limit this process's memory: its own, and all
    above it, whose limits hold for it, too.

    A container may see its own group as the topmost one, under a path that is the host's; then
    the folders in between are missing, and only the topmost is one.
    """
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
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
    """What a control group allows beyond what it has taken; None where it sets no limit."""
    for limit, (usage, of_files) in _LIMITS.items():
        try:
            allowed = (group / limit).read_text().strip()
            taken = int((group / usage).read_text())
        except OSError:
            continue
        if allowed == "max":
            return None
        stat = dict(line.split() for line in _lines(group / "memory.stat"))
        for_files = sum(int(stat.get(entry, 0)) for entry in of_files)
        return max(0, int(allowed) - taken + for_files)
    return None


def _lines(file: Path) -> list[str]:
    """The lines of a file of the system's; none where there is no such file."""
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
