"""The compact encoder: VGG-16's shape with half of its channels; it ships with impasto."""

from typing import Literal

from impasto.networks.vgg import VGG

WIDTHS = (32, 64, 128, 256, 256)
"""Channels of the five stages: half of VGG-16's, so a quarter of its arithmetic."""

LAST = "relu5_1"
"""The deepest layer that it has."""


def build(*, pooling: Literal["max", "average"] = "max") -> VGG:
    """Build the untrained network: VGG-16 up to relu5_1 with `WIDTHS` channels.

    The first convolution pads by repeating the border, the others with zeros, which the
    convolution routines do without a copy.
    """
    return VGG(16, pooling=pooling, first_padding="replicate", widths=WIDTHS, last=LAST)
