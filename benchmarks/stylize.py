"""Times painting in one pass: the warm pass, the encoding of a style, and the whole process.

    python benchmarks/stylize.py
    python benchmarks/stylize.py --against "python other/tool.py --content {photo} --style {style}"

With --against, a command of another tool takes turns with `impasto stylize`, so that both see the
same machine; {photo} and {style} in it become the files that are painted.
"""

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from impasto.feedforward.encoder import encode
from impasto.feedforward.stylizer import render
from impasto.image.files import read
from impasto.image.output import write
from impasto.image.resize import resize

SAMPLES = Path(__file__).parents[1] / "samples"
PHOTO, STYLE = SAMPLES / "photos/astronaut.jpg", SAMPLES / "styles/flow.jpg"


def seconds(work: Callable[[], object], rounds: int) -> float:
    work()  # warms up
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def square(file: Path, side: int) -> np.ndarray:
    return resize(read(file).pixels, (side, side))


def warm(rounds: int) -> None:
    style = encode(square(STYLE, 512))
    for side in (256, 512, 1024, 2048):
        photo = square(PHOTO, side)
        taken = seconds(lambda photo=photo: render(photo, style), rounds)
        cost = taken / side**2 * 1e9
        print(f"warm pass, {side} x {side}: {1e3 * taken:.0f} ms, {cost:.0f} ns a pixel")
    for side in (256, 512):
        picture = square(STYLE, side)
        taken = seconds(lambda picture=picture: encode(picture), rounds)
        print(f"style of {side} x {side} encoded: {1e3 * taken:.1f} ms")


def whole(rounds: int, against: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        photo, style = Path(folder) / "photo.jpg", Path(folder) / "style.jpg"
        write(photo, square(PHOTO, 512))
        write(style, square(STYLE, 512))
        ours = [sys.executable, "-m", "impasto", "stylize", photo, "--style", style]
        ours += ["--output", Path(folder) / "painting.jpg", "--overwrite", "--quiet"]
        commands = {"impasto": ours}
        if against:
            commands["other"] = shlex.split(against.format(photo=photo, style=style))
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                taken[name].append(time.perf_counter() - start)
        medians = {name: statistics.median(values) for name, values in taken.items()}
        print(f"whole process, 512 x 512: {medians['impasto']:.2f} s")
        if against:
            share = medians["impasto"] / medians["other"]
            print(f"the other tool: {medians['other']:.2f} s; impasto takes {share:.3f} of it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--against", help="a command with {photo} and {style}")
    arguments = parser.parse_args()
    warm(arguments.rounds)
    whole(arguments.rounds, arguments.against)


if __name__ == "__main__":
    main()
