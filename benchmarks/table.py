"""Figures as one Markdown table, and its place in the README."""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import Cost

BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
"""What stands between these lines of the README is rewritten."""


class Row(NamedTuple):
    """What is measured.

    Attributes:
        task: in words.
        side: of the picture, in pixels.
        cores: how many there are for it.
        yardstick: the task, at the same side with as many cores, that it is held against.
    """

    task: str
    side: int
    cores: int
    yardstick: str | None = None


def table(costs: Mapping[Row, Cost], base: int) -> str:
    """Markdown, one line a row.

    Args:
        base: the side in pixels that costs per pixel are held against.
    """
    found = {row[:3]: cost for row, cost in costs.items()}
    most = max(row.cores for row in costs)
    heads = ["", "px", "cores", "s", "MB", f"s per pixel / at {base} px", f"s / on {most} cores"]
    lines = [[*heads, "s / reference", "MB / reference"]]
    for row, cost in costs.items():
        basis = found.get((row.task, base, row.cores))
        whole = found.get((row.task, row.side, most)) if row.cores < most else None
        reference = found.get((row.yardstick, row.side, row.cores))
        lines.append(
            [
                row.task,
                str(row.side),
                str(row.cores),
                f"{cost.seconds:.3g}",
                f"{cost.megabytes:.0f}",
                _share(cost.seconds, basis and basis.seconds * (row.side / base) ** 2),
                _share(cost.seconds, whole and whole.seconds),
                _share(cost.seconds, reference and reference.seconds),
                _share(cost.megabytes, reference and reference.megabytes),
            ]
        )
    return _markdown(lines)


def conditions() -> str:
    """Describe the machine, and how busy it was when this began to measure."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    cpu = names[0] if names else platform.machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "torch"))
    return (
        f"{cpu}, {len(os.sched_getaffinity(0))} cores; Python {platform.python_version()}, "
        f"{libraries}; {date.today()}; load before: {os.getloadavg()[0]:.1f}."
    )


def refreshed(text: str, figures: str) -> str:
    """Put new figures between the marks of a README.

    Raises:
        ValueError: it lacks the marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there are no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def _share(value: float, whole: float | None) -> str:
    return f"{value / whole:.3g}" if whole else ""


def _markdown(lines: Iterable[list[str]]) -> str:
    head, *body = lines
    rule = ["-" * max(len(cell), 1) for cell in head]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    padded = (
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in (head, rule, *body)
    )
    return "\n".join(f"| {line} |" for line in padded)
