"""The canvas: the coordinates in which a picture is changed.

Adam changes every coordinate equally fast. In RGB it sprinkles flat areas with confetti, since
red, green and blue walk apart as easily as together, which natural pictures' channels do not. So
the canvas has one coordinate for brightness and two, scaled down, for colour; after the colour
decorrelation in Olah et al., "Feature Visualization", Distill 2017, with axes of our choice.
"""

import torch
from torch import Tensor

CHROMA = (0.4, 0.2)
"""How fast colour changes relative to brightness, along red-blue and along green-magenta."""

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
    """Convert a canvas to RGB, (N, 3, H, W); may leave [0, 1]."""
    return _mixed(canvas, _TO_RGB)


def decorrelate(image: Tensor) -> Tensor:
    """Convert (N, 3, H, W) RGB to a canvas; the inverse of `to_rgb`, up to rounding."""
    return _mixed(image, _FROM_RGB)


def _mixed(pixels: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix.to(pixels), pixels)
