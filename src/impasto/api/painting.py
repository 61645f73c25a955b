"""What comes out: a finished picture, or one so far."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image import output

if TYPE_CHECKING:
    from impasto.optimize.trace import Record


@dataclass(frozen=True, eq=False)
class Painting:
    """A finished picture, or one so far.

    Attributes:
        pixels: (H, W, 3) float32 in [0, 1], sRGB-encoded RGB.
        alpha: (H, W) float32 in [0, 1], the content's, or None where all is opaque.
        exif: the content's, without orientation and thumbnail, or None.
        notices: one line each on what the user should know.
        losses: the trace of the steps.
    """

    pixels: NDArray[np.float32] = field(repr=False)
    alpha: NDArray[np.float32] | None = field(repr=False)
    exif: bytes | None = field(repr=False)
    notices: tuple[str, ...]
    losses: "tuple[Record, ...]" = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes a PNG, JPEG, WebP, TIFF or BMP, as the name's suffix says.

        Raises:
            OutputError: the file exists and is not to be replaced, or cannot be written.
        """
        output.write(Path(path), self.pixels, alpha=self.alpha, exif=self.exif, overwrite=overwrite)

    def to_pil(self) -> Image.Image:
        """An 8-bit Pillow image: RGBA where there is alpha, else RGB."""
        planes = self.pixels if self.alpha is None else np.dstack([self.pixels, self.alpha])
        return Image.fromarray(np.rint(planes.clip(0, 1) * 255).astype(np.uint8))
