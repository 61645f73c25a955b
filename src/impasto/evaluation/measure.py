"""Painting and measuring pair after pair."""

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
"""Makes a painting of the photo's size, or nearly."""


class Series(NamedTuple):
    """What is compared: an engine at a strength, if that is known."""

    engine: str
    strength: float | None

    def __str__(self) -> str:
        return self.engine if self.strength is None else f"{self.engine} {self.strength:g}"


@dataclass(frozen=True)
class Row:
    """One painting's figures.

    Attributes:
        photo, style: names.
        engine: what painted it.
        strength: how much style was asked for, from 0 to 1; None where nobody knows.
        content_distance, style_distance: see `metrics.distances`.
        seconds: the painter's.
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
        """What the figures count for."""
        return Series(self.engine, self.strength)


@dataclass(frozen=True)
class Candidate:
    """What is to be measured: an engine at a strength, with `paint` to use it."""

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
    """Make a painter that reads pictures PHOTO__STYLE.png, to measure what other tools painted.

    Raises:
        InputError: a picture is missing.
    """

    def file(photo: str, style: str) -> Path:
        return folder / f"{photo}__{style}.png"

    for photo, style in chosen:
        if not (path := file(photo.stem, style.stem)).is_file():
            raise InputError(f"{display_path(path)}: no such picture; each pair needs one in there")
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
