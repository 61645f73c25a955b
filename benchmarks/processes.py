"""Time and memory of work, each kind in a process of its own, taking turns.

Turns, because a noisy machine then slows all alike; processes of their own, because waiting
threads of one library (OpenMP's, ONNX Runtime's) spin in the way of another's, and because the
peak of memory is the process's. Whoever imports this must not load PyTorch: the kernel counts what
a process had before it became another program, so a large parent passes its peak on to every child.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

ROUNDS = 5

ENOUGH = 10.0
"""Seconds after which a process has had its turns, however few."""


@dataclass(frozen=True)
class Cost:
    """The median of the turns' seconds, and the peak of resident memory in megabytes."""

    seconds: float
    megabytes: float


class Runner(Protocol):
    """Does some work whenever it is its turn."""

    def turn(self) -> float:
        """Do the work; give back the seconds it took. The first turn warms up."""

    def end(self) -> float:
        """End; give back the megabytes it had at most."""


class Worker:
    """A process that does one thing, again and again: see `benchmarks.worker`.

    Args:
        task: "module:function"; the function is given the side and the options, and returns
            another that does the work once.
        side: of the pictures, in pixels.
        cores: how many it may use.
    """

    def __init__(self, task: str, side: int, *, cores: int, **options: object) -> None:
        order = {"task": task, "side": side, "cores": cores, "options": options}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self) -> float:
        """As `Runner`."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args}: ended before its work was done")
        return float(answer)

    def end(self) -> float:
        """As `Runner`."""
        self._process.stdin.close()
        self._process.stdout.close()
        return _peak_of(self._process)


class Program:
    """A command, started anew at every turn."""

    def __init__(self, command: Sequence[str | os.PathLike[str]]) -> None:
        self._command = command
        self._peak = 0.0

    def turn(self) -> float:
        """As `Runner`."""
        start = time.perf_counter()
        process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        peak = _peak_of(process)
        seconds = time.perf_counter() - start
        self._peak = max(self._peak, peak)
        return seconds

    def end(self) -> float:
        """As `Runner`."""
        return self._peak


Name = TypeVar("Name")


def in_turns(runners: Mapping[Name, Runner], *, rounds: int = ROUNDS) -> dict[Name, Cost]:
    """Measure what each costs. The first round warms up and does not count."""
    taken: dict[Name, list[float]] = {name: [] for name in runners}
    for number in range(rounds + 1):
        for name, runner in runners.items():
            if sum(taken[name]) < ENOUGH:
                seconds = runner.turn()
                if number:
                    taken[name].append(seconds)
    return {name: Cost(statistics.median(taken[name]), runners[name].end()) for name in runners}


def _peak_of(process: "subprocess.Popen[Any]") -> float:
    """Wait for the end of a process; give back the megabytes it had at most.

    Raises:
        RuntimeError: it failed.
    """
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args}: exit code {process.returncode}")
    return usage.ru_maxrss * 1024 / 1e6
