"""The canvas: the coordinates of a picture in which it is optimized.

Adam changes every coordinate equally fast. Optimizing in RGB gives chroma noise in flat areas,
because the channels change independently, unlike those of natural pictures. So the canvas has one
coordinate for brightness and two smaller ones for colour. This follows the colour decorrelation of
Olah et al., "Feature Visualization", Distill 2017, with other axes.
"""

import torch
from torch import Tensor

CHROMA = (0.4, 0.2)
"""Speed of colour relative to brightness, along red-blue and along green-magenta."""

# Columns: brightness; red against blue; green against red and blue.
_TO_RGB = torch.tensor(
    [
        [1.0, CHROMA[0], -CHROMA[1]],
        [1.0, 0.0, 2 * CHROMA[1]],
        [1.0, -CHROMA[0], -CHROMA[1]],
    ]
)
_FROM_RGB = torch.linalg.inv(_TO_RGB.double()).float()


def to_rgb(canvas: Tensor) -> Tensor:
    """Convert a canvas to RGB, (N, 3, H, W), not clipped to [0, 1]."""
    return _mixed(canvas, _TO_RGB)


def decorrelate(image: Tensor) -> Tensor:
    """Convert (N, 3, H, W) RGB to a canvas; the inverse of `to_rgb`, up to rounding."""
    return _mixed(image, _FROM_RGB)


def _mixed(pixels: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix.to(pixels), pixels)
