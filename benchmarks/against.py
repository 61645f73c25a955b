"""The whole of `impasto stylize`, file to file, and the command of another tool in turns.

    python -m benchmarks.against "python other/tool.py --content {photo} --style {style}"

{photo} and {style} in it become the files that are painted.
"""

import argparse
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pictures import PHOTO, STYLE, square
from benchmarks.plan import CORES, Rows, stylize
from benchmarks.processes import Program, in_turns
from benchmarks.table import Row, conditions, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", help="another tool's, with {photo} and {style}")
    parser.add_argument("--size", type=int, default=512)
    asked = parser.parse_args()
    where = conditions()
    with TemporaryDirectory() as folder:
        photo, style, painting = (Path(folder) / f"{n}.jpg" for n in ("photo", "style", "painting"))
        square(PHOTO, asked.size).save(photo)
        square(STYLE, asked.size).save(style)
        command = shlex.split(asked.command.format(photo=photo, style=style))
        rows: Rows = {
            Row("impasto", asked.size, CORES, "other"): stylize(photo, style, painting),
            Row("other", asked.size, CORES): Program(command),
        }
        print(f"{where}\n\n{table(in_turns(rows), base=asked.size)}")


if __name__ == "__main__":
    main()
