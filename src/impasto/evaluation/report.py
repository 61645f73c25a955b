"""An engine measured over a set of photos and styles."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import InputError
from impasto.evaluation.metrics import Judge, distances
from impasto.image.files import read
from impasto.image.resize import limit, resize

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """A photo and the style it is to get: names, and pixels (H, W, 3) in [0, 1]."""

    photo_name: str
    style_name: str
    photo: Pixels
    style: Pixels


Painter = Callable[[Pair], Pixels]
"""Makes a painting of the photo's size."""

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}


@dataclass(frozen=True)
class Row:
    """One painting's figures; seconds are the painter's."""

    photo: str
    style: str
    content_distance: float
    style_distance: float
    seconds: float


def pairs(contents: Path, styles: Path, chosen: Path | None = None) -> list[tuple[Path, Path]]:
    """Which photo is painted in which style.

    Args:
        contents, styles: folders of images.
        chosen: a JSON file with a list of [photo, style] names without suffix; by default
            every photo is paired with one style, in the order of their names.

    Raises:
        InputError: a folder is empty, or a name in the file is in no folder.
    """
    photos, paintings = _by_name(contents), _by_name(styles)
    if chosen is None:
        ordered = list(paintings.values())
        return [(p, ordered[k % len(ordered)]) for k, p in enumerate(photos.values())]
    try:
        names = [(str(photo), str(style)) for photo, style in json.loads(chosen.read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as problem:
        raise InputError(f"{chosen}: not a JSON list of [photo, style] names ({problem})") from None
    if not names:
        raise InputError(f"{chosen}: names no pair; write [photo, style] names into it")
    unknown = [p for p, _ in names if p not in photos] + [s for _, s in names if s not in paintings]
    if unknown:
        raise InputError(f"{chosen}: names {unknown[0]!r}, which its folder does not hold")
    return [(photos[photo], paintings[style]) for photo, style in names]


def evaluate(
    painter: Painter, judge: Judge, chosen: Iterable[tuple[Path, Path]], *, size: int
) -> Iterator[Row]:
    """Paints and measures pair after pair; photos and styles with a long side of at most `size`."""
    for photo_file, style_file in chosen:
        photo, style = _load(photo_file, size), _load(style_file, size)
        pair = Pair(photo_file.stem, style_file.stem, photo, style)
        start = time.perf_counter()
        painting = painter(pair)
        seconds = time.perf_counter() - start
        if painting.shape != photo.shape:
            painting = resize(painting, (photo.shape[1], photo.shape[0]))
        found = distances(judge, _tensor(painting), _tensor(photo), _tensor(style))
        yield Row(pair.photo_name, pair.style_name, found.content, found.style, seconds)


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Means over the pairs."""
    return {
        "pairs": len(rows),
        "content_distance": statistics.fmean(r.content_distance for r in rows),
        "style_distance": statistics.fmean(r.style_distance for r in rows),
        "seconds": statistics.fmean(r.seconds for r in rows),
    }


def as_json(rows: Sequence[Row]) -> str:
    """The summary and every row."""
    return json.dumps({"summary": summary(rows), "rows": [asdict(r) for r in rows]}, indent=1)


def painted_before(folder: Path) -> Painter:
    """A painter that looks its pictures up, PHOTO__STYLE.png: measures what others painted."""

    def painter(pair: Pair) -> Pixels:
        return read(folder / f"{pair.photo_name}__{pair.style_name}.png").pixels

    return painter


def _by_name(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of images")
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(f"{folder}: holds no image")
    return {p.stem: p for p in files}


def _load(file: Path, size: int) -> Pixels:
    picture = read(file)
    return resize(picture.pixels, limit(picture.size, size))


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
