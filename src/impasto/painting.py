"""The result of both engines: a finished painting, or the picture so far."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import OutputError
from impasto.image import output
from impasto.image.metadata import Metadata
from impasto.image.samples import ImageLike, to_bytes
from impasto.settings import output_quality


@dataclass(frozen=True)
class StepRecord:
    """The figures of one step.

    Attributes:
        scale: index into the schedule.
        side: long side of the picture at that scale, in pixels.
        step: of the scale, from 1.
        seconds: since the start, without the time between an interruption and its resumption.
        losses: weighted parts by the names of the terms ("content", "structure", "style", "tv",
            "palette", "tone") and their "total", before the step.
    """

    scale: int
    side: int
    step: int
    seconds: float
    losses: dict[str, float]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics by which a region was painted in one pass, to paint another photo alike.

    Attributes:
        model: fingerprint of the model.
        inputs: of the network, by name: the style and the recolouring.
        features: (2, C), means and variances by which features were normalised.
        detail: statistics of the second pass, in finer strokes; None if there was none.
    """

    model: str
    inputs: Mapping[str, NDArray[np.float32]] = field(repr=False)
    features: NDArray[np.float32] = field(repr=False)
    detail: "Statistics | None" = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Painting(ImageLike):
    """A finished picture, or one so far.

    Attributes:
        alpha: (H, W) float32 in [0, 1], the content's, or None where all is opaque.
        metadata: the content's EXIF, XMP and IPTC data, and the size of its prints.
        notices: warnings for the user of one line each.
        losses: of each step.
        tile: side in pixels of the tiles in which it was painted in one pass; None if it was
            painted whole, or by optimization.
        statistics: of each region in one pass, the rest of the picture last, for `Painter.paint`;
            None for a region that was not painted.
    """

    alpha: NDArray[np.float32] | None = field(repr=False)
    metadata: Metadata = field(repr=False)
    notices: tuple[str, ...]
    losses: tuple[StepRecord, ...] = field(repr=False)
    tile: int | None = field(default=None, repr=False)
    statistics: tuple[Statistics | None, ...] = field(default=(), repr=False)

    @property
    def exif(self) -> bytes | None:
        """The content's EXIF block, without orientation and thumbnail, or None."""
        return self.metadata.exif

    def save(
        self,
        path: str | os.PathLike[str] | BinaryIO,
        *,
        overwrite: bool = False,
        format: str | None = None,
        quality: int | None = None,
        strip_metadata: bool = False,
    ) -> None:
        """Write a PNG, JPEG, WebP, TIFF, BMP or AVIF, depending on the suffix.

        Args:
            path: of the file; or a file open for writing bytes, such as `io.BytesIO()`.
            overwrite: whether an existing file may be replaced.
            format: "png", "jpeg" and so on, for an open file.
            quality: of JPEG, WebP and AVIF, from 1 to 100 [default: 95, of AVIF 85].
            strip_metadata: whether to leave out EXIF, XMP and IPTC data, and so the place.

        Raises:
            OutputError: the file exists and must not be replaced, or cannot be written.
            SettingError: the quality is out of bounds.
        """
        if quality is not None:
            quality = output_quality(quality)
        if not isinstance(path, (str, os.PathLike)):
            path.write(
                self.to_bytes(format or "png", quality=quality, strip_metadata=strip_metadata)
            )
            return
        if not os.fspath(path):
            raise OutputError("the name is empty; name a file")
        output.write(
            Path(path),
            self.samples,
            alpha=self.alpha,
            metadata=self.metadata,
            strip=strip_metadata,
            overwrite=overwrite,
            quality=quality,
        )

    def to_bytes(
        self, format: str = "png", *, quality: int | None = None, strip_metadata: bool = False
    ) -> bytes:
        """Encode the painting as the bytes of a file, see `save`.

        Args:
            format: "png", "jpeg", "webp", "tiff", "bmp" or "avif".
            quality, strip_metadata: as for `save`.

        Raises:
            OutputError: there is no such format, or the picture does not fit in it.
            SettingError: the quality is out of bounds.
        """
        kind = output.format_of(Path(f"painting.{format.lower().removeprefix('.')}"))
        return output.encoded(
            kind,
            "the painting",
            self.samples,
            alpha=self.alpha,
            metadata=self.metadata,
            strip=strip_metadata,
            quality=output_quality(quality),
        )

    def _repr_png_(self) -> bytes:
        """Show the painting in a notebook."""
        return self.to_bytes("png")

    def to_pil(self) -> Image.Image:
        """Convert to an 8-bit Pillow image: RGBA if there is alpha, else RGB."""
        colours = to_bytes(self.samples)
        planes = colours if self.alpha is None else np.dstack([colours, to_bytes(self.alpha)])
        return Image.fromarray(planes)
