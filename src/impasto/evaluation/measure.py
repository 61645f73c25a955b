"""Paint and measure pairs of photo and style."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from impasto.errors import InputError
from impasto.evaluation import pairs
from impasto.evaluation.metrics import Judge, distances
from impasto.evaluation.pairs import Pair
from impasto.image.files import read
from impasto.image.resize import resize
from impasto.image.samples import FloatImage
from impasto.system.paths import display_path

Painter = Callable[[Pair], FloatImage]
"""Paints a pair; the result has about the photo's size."""


class Series(NamedTuple):
    """An engine at a strength, if that is known."""

    engine: str
    strength: float | None

    def __str__(self) -> str:
        return self.engine if self.strength is None else f"{self.engine} {self.strength:g}"


@dataclass(frozen=True)
class Row:
    """One painting's figures.

    Attributes:
        photo, style: names.
        engine: that painted it.
        strength: of the style, from 0 to 1; None if it is unknown.
        content_distance, style_distance: see `metrics.distances`.
        seconds: to paint it.
    """

    photo: str
    style: str
    engine: str
    strength: float | None
    content_distance: float
    style_distance: float
    seconds: float

    @property
    def series(self) -> Series:
        """The engine and strength of the figures."""
        return Series(self.engine, self.strength)


@dataclass(frozen=True)
class Candidate:
    """An engine at a strength to measure, and the function that paints."""

    engine: str
    strength: float | None
    paint: Painter


@dataclass(frozen=True)
class Measured:
    """A painting of a pair, (H, W, 3) in [0, 1], and its figures."""

    row: Row
    pair: Pair
    painting: FloatImage


def measure(
    candidates: Sequence[Candidate],
    judge: Judge,
    chosen: Iterable[tuple[Path, Path]],
    *,
    size: int,
) -> Iterator[Measured]:
    """Paint pair after pair with each candidate, and measure the paintings.

    Args:
        judge: see `metrics.distances`.
        chosen: files of photos and styles.
        size: the long side, at most, of photos and styles in pixels.

    Raises:
        InputError: a file cannot be read.
    """
    for files in chosen:
        pair = pairs.load(*files, size)
        for candidate in candidates:
            yield _measured(candidate, judge, pair)


def painted_before(folder: Path, chosen: Iterable[tuple[Path, Path]]) -> Painter:
    """Make a painter that reads pictures PHOTO__STYLE.png of other tools.

    Raises:
        InputError: a picture is missing.
    """

    def file(photo: str, style: str) -> Path:
        return folder / f"{photo}__{style}.png"

    for photo, style in chosen:
        if not (path := file(photo.stem, style.stem)).is_file():
            raise InputError(f"{display_path(path)}: no such picture; each pair needs one")
    return lambda pair: read(file(pair.photo_name, pair.style_name)).pixels


def _measured(candidate: Candidate, judge: Judge, pair: Pair) -> Measured:
    start = time.perf_counter()
    painting = candidate.paint(pair)
    seconds = time.perf_counter() - start
    if painting.shape != pair.photo.shape:
        painting = resize(painting, (pair.photo.shape[1], pair.photo.shape[0]))
    figures = distances(judge, _tensor(painting), _tensor(pair.photo), _tensor(pair.style))
    names = pair.photo_name, pair.style_name, candidate.engine, candidate.strength
    return Measured(Row(*names, figures.content, figures.style, seconds), pair, painting)


def _tensor(pixels: FloatImage) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
