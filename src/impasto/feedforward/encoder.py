"""Pictures to styles."""

import numpy as np
from numpy.typing import NDArray

from impasto.errors import SettingError
from impasto.feedforward.session import network
from impasto.image.colour import gaussian
from impasto.image.resize import limit, resize
from impasto.settings import Device
from impasto.styles.embedding import Style

FILE = "style_encoder.onnx"

SIDE = 512
"""Long side in pixels at which a style is looked at, where its scale is 1."""

STRIDE = 8
"""Sides of what the networks see must be multiples of this."""


def encode(picture: NDArray[np.float32], *, scale: float = 1.0, device: Device = "auto") -> Style:
    """The style of a picture.

    The picture is looked at with its long side reduced to `SIDE` pixels, and then made larger or
    smaller by `scale`: the more pixels a stroke has there, the more it has in the painting,
    whatever the painting's size.

    Args:
        picture: (H, W, 3) in [0, 1].
        scale: size of the strokes, from 0.25 to 4.
        device: see `session.network`.

    Raises:
        SettingError: the scale is out of bounds.
        DeviceError, WeightsError: as `session.network`.
    """
    if not 0.25 <= scale <= 4:
        raise SettingError(f"style-scale is {scale:g}; it must be at least 0.25 and at most 4")
    height, width = picture.shape[:2]
    plain = limit((width, height), SIDE)
    # Resized to full strides, not padded: what is padded would count in the statistics.
    columns, rows = (_to_stride(side * scale) for side in plain)
    seen = resize(picture, (columns, rows))
    encoder = network(FILE, device)
    [[vector]] = encoder(image=np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))
    colours = gaussian(seen)
    return Style(
        vector,
        colours.mean.astype(np.float32),
        colours.covariance.astype(np.float32),
        encoder.metadata["encoder"],
    )


def _to_stride(side: float) -> int:
    return max(2 * STRIDE, round(side / STRIDE) * STRIDE)
