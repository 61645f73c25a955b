"""Seconds and memory of an optimization iteration, by encoder and settings.

    python -m benchmarks.iteration [--size 512]

The style's statistics are compared by the Wasserstein distance and in the precision that "auto"
takes, where nothing else is said.
"""

import argparse

from benchmarks.plan import CORES, Rows
from benchmarks.processes import Worker, in_turns
from benchmarks.table import Row, conditions, table

VARIANTS: dict[str, dict[str, object]] = {
    "": {},
    ", gram": {"style_loss": "gram"},
    ", low memory": {"low_memory": True},
    ", float32": {"precision": "float32"},
    ", tiles of 256": {"tile": 256},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512)
    size = parser.parse_args().size
    task, first = "benchmarks.optimizing:iteration", "vgg19"
    where = conditions()
    rows: Rows = {
        Row(f"{encoder}{name}", size, CORES, first): Worker(
            task, size, cores=CORES, encoder=encoder, **words
        )
        for encoder in ("vgg19", "compact")
        for name, words in VARIANTS.items()
    }
    print(f"{where} The reference is {first}.\n\n{table(in_turns(rows), base=size)}")


if __name__ == "__main__":
    main()
