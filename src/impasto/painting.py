"""What comes out: a finished picture, or one so far."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import OutputError
from impasto.image import output
from impasto.image.samples import Raster, to_bytes


@dataclass(frozen=True)
class Record:
    """One step.

    Attributes:
        scale: index into the schedule.
        side: long side of the picture at that scale, in pixels.
        step: of the scale, from 1.
        seconds: since the start, without the time between an interruption and `--resume`.
        losses: weighted parts ("content", "style", "tv") and their "total", before the step.
    """

    scale: int
    side: int
    step: int
    seconds: float
    losses: dict[str, float]


@dataclass(frozen=True, eq=False)
class Painting(Raster):
    """A finished picture, or one so far.

    Attributes:
        alpha: (H, W) float32 in [0, 1], the content's, or None where all is opaque.
        exif: the content's, without orientation and thumbnail, or None.
        notices: one line each on what the user should know.
        losses: the trace of the steps.
    """

    alpha: NDArray[np.float32] | None = field(repr=False)
    exif: bytes | None = field(repr=False)
    notices: tuple[str, ...]
    losses: tuple[Record, ...] = field(repr=False)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes a PNG, JPEG, WebP, TIFF or BMP, as the name's suffix says.

        Raises:
            OutputError: the file exists and is not to be replaced, or cannot be written.
        """
        if not str(path):
            raise OutputError("an empty name; name a file")
        output.write(
            Path(path), self.samples, alpha=self.alpha, exif=self.exif, overwrite=overwrite
        )

    def to_pil(self) -> Image.Image:
        """An 8-bit Pillow image: RGBA where there is alpha, else RGB."""
        colours = to_bytes(self.samples)
        planes = colours if self.alpha is None else np.dstack([colours, to_bytes(self.alpha)])
        return Image.fromarray(planes)
