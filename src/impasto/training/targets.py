"""The styles to learn: their pictures, their settings, and their targets for the losses."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from impasto.errors import InputError
from impasto.training.images import to_tensor
from impasto.training.painting_losses import (
    PERIODS,
    QUANTILES,
    SAMPLES,
    WINDOWS,
    Statistics,
    Target,
    contrasts,
    halved,
    palette_of,
    peaks,
    quantiles,
    spectra,
)
from impasto.training.teacher import Seen, Teacher

STYLE_SIDE = 512
"""Long side in pixels at which a style's picture is measured. A crop of 224 pixels shows about half
of a photo, so strokes become as large as in a picture of this size, or a little larger."""

ENLARGED = 1.6
"""Largest factor by which a small picture is enlarged to that size: beyond it, strokes blur."""

SHORTEST_SIDE = max(*WINDOWS, PERIODS)
"""Shortest side in pixels at which a picture is measured; smaller ones are enlarged. The contrasts
and the spectrum need it."""


class StyleEntry(NamedTuple):
    """A style to learn.

    Attributes:
        name: its picture's stem.
        picture: RGB.
        content: multiplies the weight of the content loss.
        side: long side in pixels at which its picture is measured.
    """

    name: str
    picture: Image.Image
    content: float = 1.0
    side: int = STYLE_SIDE


def read_styles(folder: Path, table: Path | None = None) -> list[StyleEntry]:
    """Read the styles of a folder: its pictures, and their settings from a table.

    Args:
        folder: holds one picture for each style; its stem is the name of the style.
        table: of tab-separated values, with the column `name` and optionally `content` and `side`
            (see `StyleEntry`); empty fields mean the defaults. By default `styles.tsv` in the
            folder, if there is one.

    Raises:
        InputError: the folder holds no picture, or one that cannot be read.
    """
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".jpg", ".png", ".webp"))
    if not files:
        raise InputError(f"{folder}: holds no pictures of styles; add JPEG, PNG or WebP files")
    table = table or folder / "styles.tsv"
    rows: dict[str, Mapping[str, str]] = {}
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as lines:
            rows = {row["name"]: row for row in csv.DictReader(lines, delimiter="\t")}
    return [_entry(file, rows.get(file.stem, {})) for file in files]


def _entry(file: Path, row: Mapping[str, str]) -> StyleEntry:
    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError) as problem:
        raise InputError(f"{file}: cannot be read ({problem}); take it out") from None
    return StyleEntry(
        file.stem, picture, float(row.get("content") or 1), int(row.get("side") or STYLE_SIDE)
    )


@torch.no_grad()
def target(entry: StyleEntry, teacher: Teacher, device: str) -> Target:
    """Measure the target of the losses for a style."""
    return target_of(picture_of(entry).to(device), teacher)


def picture_of(entry: StyleEntry) -> Tensor:
    """Resize the picture of a style to the size at which it is measured, (1, 3, H, W).

    The sides are multiples of 8, and at least `SHORTEST_SIDE`.
    """
    scale = min(ENLARGED, entry.side / max(entry.picture.size))
    size = tuple(max(SHORTEST_SIDE, round(side * scale / 8) * 8) for side in entry.picture.size)
    resized = entry.picture.resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]
    return to_tensor([np.asarray(resized)])


@torch.no_grad()
def target_of(images: Tensor, teacher: Teacher) -> Target:
    """Measure the target of the losses for the styles of pictures, (S, 3, H, W)."""
    styles = len(images)
    pixels = F.avg_pool2d(images, 2).flatten(2).mT  # (S, pixels, 3)
    drawn = torch.randint(pixels.shape[1], (SAMPLES,), device=images.device)
    power, logs = spectra(images, styles)
    return Target(
        _statistics(teacher(images)),
        _statistics(teacher(halved(images))),
        palette_of(images),
        pixels[:, drawn],
        [quantiles(values, QUANTILES) for values in contrasts(images, styles)],
        power,
        peaks(logs),
    )


def _statistics(seen: Mapping[str, Seen]) -> Statistics:
    gram = {layer: s.gram for layer, s in seen.items()}
    return Statistics(gram, {layer: s.mean for layer, s in seen.items()})
