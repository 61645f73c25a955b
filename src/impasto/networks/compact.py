"""The compact encoder: VGG-19's shape with a fraction of its channels; it ships with impasto."""

from typing import Literal

from impasto.networks.vgg import VGG

WIDTHS = (16, 32, 64, 128, 128)
"""Channels of the five stages: a quarter of VGG-19's, so a sixteenth of its arithmetic."""

LAST = "relu5_1"
"""The deepest layer that it has."""


def build(*, pooling: Literal["max", "average"] = "max") -> VGG:
    """Build the untrained network: VGG-19 up to relu5_1 with `WIDTHS` channels.

    The first convolution pads by repeating the border, the others with zeros, which the
    convolution routines do without a copy.
    """
    return VGG(19, pooling=pooling, first_padding="replicate", widths=WIDTHS, last=LAST)
