"""The process that a `processes.Worker` talks to.

It loads what it needs at once, then makes ready and warms up for the first line that it reads,
does its work for every further one, and answers each with the seconds of the work.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module

LEAST = 0.2
"""Seconds that a turn lasts at least: quick work is repeated, and the median of it counts."""


def main() -> None:
    order = json.loads(sys.argv[1])
    # Before libraries count the cores.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: order["cores"]])
    module, function = order["task"].split(":")
    prepare = getattr(import_module(module), function)
    sys.stdin.readline()
    work = prepare(order["side"], **order["options"])
    print(seconds(work), flush=True)
    for _ in sys.stdin:
        print(turn(work), flush=True)


def turn(work: Callable[[], object]) -> float:
    taken: list[float] = []
    while sum(taken) < LEAST:
        taken.append(seconds(work))
    return statistics.median(taken)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
