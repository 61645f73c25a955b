"""What is measured: each row of the table with the process that does its work."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pictures import PHOTO, STYLE, square
from benchmarks.processes import Program, Runner, Worker
from benchmarks.table import Row

CORES = len(os.sched_getaffinity(0))

ADAIN, GATYS = "AdaIN on VGG-19", "Gatys on VGG-19"

Rows = dict[Row, Runner]


@dataclass(frozen=True)
class Plan:
    """How much is measured; sides are in pixels.

    Attributes:
        base: the side that costs per pixel are held against, and at which one core is tried.
        passes: sides of photos painted in one pass.
        styles: sides of styles encoded.
        steps: sides of pictures optimized.
    """

    base: int
    passes: tuple[int, ...]
    styles: tuple[int, ...]
    steps: tuple[int, ...]
    rounds: int


FULL = Plan(512, passes=(256, 512, 1024, 2048), styles=(256, 512), steps=(256, 512, 1024), rounds=5)
QUICK = Plan(64, passes=(64,), styles=(64,), steps=(64,), rounds=1)


def one_pass(plan: Plan, folder: Path) -> Rows:
    """Painting in one pass, by impasto and by AdaIN as published.

    Args:
        folder: for the files that whole programs read and write.
    """
    ours, theirs = "benchmarks.stylizing", "benchmarks.reference.adain"
    label, yardstick = "impasto stylize, a warm pass", f"{ADAIN}, a warm pass"
    rows = _whole_programs(plan, folder)
    rows |= _warm(label, f"{ours}:one_pass", plan.passes, yardstick)
    if CORES > 1:
        rows |= _warm(label, f"{ours}:one_pass", [plan.base], yardstick, cores=1)
    rows |= _warm(yardstick, f"{theirs}:one_pass", plan.passes, yardstick)
    label, yardstick = "impasto, a style encoded", f"{ADAIN}, a style encoded"
    rows |= _warm(label, f"{ours}:style", plan.styles, yardstick)
    return rows | _warm(yardstick, f"{theirs}:style", plan.styles, yardstick)


def optimization(plan: Plan) -> Rows:
    """Plan an iteration of the optimization, by impasto and by Gatys as published."""
    ours, yardstick = "benchmarks.optimizing:iteration", f"{GATYS}, an iteration"
    rows: Rows = {}
    for encoder in ("compact", "vgg16", "vgg19"):
        label = f"impasto optimize, an iteration, {encoder}"
        rows |= _warm(label, ours, plan.steps, yardstick, encoder=encoder)
        if CORES > 1 and encoder == "compact":
            rows |= _warm(label, ours, [plan.base], yardstick, cores=1, encoder=encoder)
    return rows | _warm(yardstick, "benchmarks.reference.gatys:iteration", plan.steps, yardstick)


def stylize(photo: Path, style: Path, painting: Path) -> Program:
    """Plan the program `impasto stylize`, file to file."""
    words = ["stylize", photo, "--style", style, "--output", painting, "--overwrite"]
    return Program([sys.executable, "-m", "impasto", *words])


def _whole_programs(plan: Plan, folder: Path) -> Rows:
    """impasto at every side, AdaIN at the base."""
    label, yardstick = "impasto stylize, file to file", f"{ADAIN}, file to file"
    style = folder / "style.jpg"
    square(STYLE, plan.base).save(style)
    photos = {side: folder / f"{side}.jpg" for side in plan.passes}
    for side, photo in photos.items():
        square(PHOTO, side).save(photo)
    painting = folder / "painting.jpg"
    rows: Rows = {
        Row(label, side, CORES, yardstick): stylize(photo, style, painting)
        for side, photo in photos.items()
    }
    words = ["benchmarks.reference.adain", photos[plan.base], style, painting]
    reference = Program([sys.executable, "-m", *words])
    return rows | {Row(yardstick, plan.base, CORES, yardstick): reference}


def _warm(
    label: str,
    task: str,
    sides: Iterable[int],
    yardstick: str,
    *,
    cores: int = CORES,
    **options: object,
) -> Rows:
    return {
        Row(label, side, cores, yardstick): Worker(task, side, cores=cores, **options)
        for side in sides
    }
