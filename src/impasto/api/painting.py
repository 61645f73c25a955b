"""What comes out: a finished picture, or one so far."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image import output
from impasto.image.samples import Samples, to_bytes, to_float

if TYPE_CHECKING:
    from impasto.optimize.trace import Record


@dataclass(frozen=True, eq=False)
class Painting:
    """A finished picture, or one so far.

    Attributes:
        samples: (H, W, 3), sRGB-encoded RGB: uint8, or float32 in [0, 1].
        alpha: (H, W) float32 in [0, 1], the content's, or None where all is opaque.
        exif: the content's, without orientation and thumbnail, or None.
        notices: one line each on what the user should know.
        losses: the trace of the steps.
    """

    samples: Samples = field(repr=False)
    alpha: NDArray[np.float32] | None = field(repr=False)
    exif: bytes | None = field(repr=False)
    notices: tuple[str, ...]
    losses: "tuple[Record, ...]" = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.samples.shape[:2]
        return width, height

    @property
    def pixels(self) -> NDArray[np.float32]:
        """(H, W, 3) float32 in [0, 1]; made anew from 8 bits at every call."""
        return to_float(self.samples)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes a PNG, JPEG, WebP, TIFF or BMP, as the name's suffix says.

        Raises:
            OutputError: the file exists and is not to be replaced, or cannot be written.
        """
        output.write(
            Path(path), self.samples, alpha=self.alpha, exif=self.exif, overwrite=overwrite
        )

    def to_pil(self) -> Image.Image:
        """An 8-bit Pillow image: RGBA where there is alpha, else RGB."""
        colours = to_bytes(self.samples)
        planes = colours if self.alpha is None else np.dstack([colours, to_bytes(self.alpha)])
        return Image.fromarray(planes)
