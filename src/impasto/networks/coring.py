"""Coring: removes faint, fine texture from a painting, and leaves strokes and contours alone.

A convolutional network paints areas that are plain in the photo with a regular weave of a few
pixels. It is faint, but eyes find it. Coring reduces the finest band of a picture where that band
has little energy (Rossi 1978, "Digital techniques for reducing television noise").
"""

import torch
import torch.nn.functional as F
from torch import Tensor

THRESHOLD = 5 / 255
"""Root mean square of the finest band at which half of the band is kept."""

RADIUS = 3
"""Pixels on either side over which the energy is averaged."""

_BINOMIAL = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


def cored(image: Tensor) -> Tensor:
    """Reduce what is fine and faint in (N, 3, H, W), whose sides are at least 4.

    The finest band is the difference to a binomial filter of 5 x 5.
    """
    band = image - _blurred(image)
    energy = band.square().mean(1, keepdim=True)
    energy = F.pad(energy, (RADIUS,) * 4, mode="replicate")
    energy = F.avg_pool2d(energy, 2 * RADIUS + 1, 1)
    return image - band * (THRESHOLD**2 / (energy + THRESHOLD**2))


def _blurred(image: Tensor) -> Tensor:
    channels, taps = image.shape[1], _BINOMIAL.to(image)
    wide = F.pad(image, (2,) * 4, mode="replicate")
    rows = taps.view(1, 1, 5, 1).expand(channels, 1, 5, 1)
    columns = taps.view(1, 1, 1, 5).expand(channels, 1, 1, 5)
    return F.conv2d(F.conv2d(wide, rows, groups=channels), columns, groups=channels)
