"""Pictures to styles."""

import numpy as np

from impasto.feedforward.session import network
from impasto.image import masks
from impasto.image.colour import gaussian
from impasto.image.resize import limit, resize
from impasto.image.samples import Samples, to_float
from impasto.settings import Device
from impasto.styles.embedding import Style

FILE = "style_encoder.onnx"

SIDE = 512
"""Long side in pixels, at most, at which a style is looked at."""

STRIDE = 8
"""Sides of what the networks see must be multiples of this."""

SMALLEST = 2 * STRIDE
"""The least side in pixels of what the networks see."""


def encode(picture: Samples, *, alpha: masks.Mask | None = None, device: Device = "auto") -> Style:
    """The style of a picture, looked at with a long side of at most `SIDE` pixels.

    Args:
        picture: (H, W, 3).
        alpha: (H, W), how much each pixel counts for the colours; None for all alike. For the
            features all count alike: hidden parts must be filled, as `image.files.load` does.
        device: see `session.network`.

    Raises:
        DeviceError, WeightsError: as `session.network`.
    """
    height, width = picture.shape[:2]
    # Resized to full strides, not padded: what is padded would count in the statistics.
    columns, rows = (_to_stride(side) for side in limit((width, height), SIDE))
    fits = (height, width) == (rows, columns)
    seen = to_float(picture) if fits else resize(picture, (columns, rows))
    encoder = network(FILE, device)
    [[vector]] = encoder(image=np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))
    covered = None if alpha is None else masks.resize(alpha, (columns, rows))
    colours = gaussian(seen, covered)
    return Style(
        vector,
        colours.mean.astype(np.float32),
        colours.covariance.astype(np.float32),
        encoder.metadata["encoder"],
    )


def _to_stride(side: int) -> int:
    return max(SMALLEST, round(side / STRIDE) * STRIDE)
