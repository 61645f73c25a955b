"""Measures all of it, in a few minutes, and prints one table.

    python -m benchmarks --readme benchmarks/README.md

is `make bench`. `--quick` measures the same at tiny sizes: that says nothing of the speed, but
shows that all of it runs.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.plan import FULL, QUICK, Plan, one_pass, optimization
from benchmarks.processes import in_turns
from benchmarks.table import conditions, refreshed, table


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="rewrite the figures in it")
    asked = parser.parse_args()
    if asked.readme:
        try:  # now, not after minutes
            refreshed(asked.readme.read_text("utf-8"), "")
        except (OSError, ValueError) as problem:
            parser.error(f"{asked.readme}: {problem}")
    figures = measured(QUICK if asked.quick else FULL)
    print(figures)
    if asked.readme:
        text = refreshed(asked.readme.read_text("utf-8"), figures)
        asked.readme.write_text(text, "utf-8")


def measured(plan: Plan) -> str:
    where = conditions()
    with TemporaryDirectory() as folder:
        costs = in_turns(one_pass(plan, Path(folder)), rounds=plan.rounds)
    costs |= in_turns(optimization(plan), rounds=plan.rounds)
    return f"{where}\n\n{table(costs, plan.base)}"


if __name__ == "__main__":
    main()
