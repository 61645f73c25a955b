"""The compact encoder: VGG-19's shape with a fraction of its channels; it ships with impasto."""

from importlib import resources
from pathlib import Path
from typing import Literal

from impasto.networks.vgg import VGG
from impasto.networks.weights import load_into

WIDTHS = (16, 32, 64, 128, 128)
"""Channels of the five stages: a quarter of VGG-19's, so a sixteenth of its arithmetic."""

LAST = "relu5_1"
"""The deepest layer that it has."""

ASSET = "compact.safetensors"


def build(*, pooling: Literal["max", "average"] = "max") -> VGG:
    """The untrained network: VGG-19 up to relu5_1 with `WIDTHS` channels.

    The first convolution pads by repeating the border, the others with zeros, which the
    convolution routines do without a copy.
    """
    return VGG(19, pooling=pooling, first_padding="replicate", widths=WIDTHS, last=LAST)


def load(weights: Path | None = None, *, pooling: Literal["max", "average"] = "max") -> VGG:
    """The trained network: the weights that ship with impasto, or those of a file.

    Raises:
        WeightsError: the file holds weights of another network.
    """
    network = build(pooling=pooling)
    if weights is not None:
        load_into(network, weights)
        return network
    with resources.as_file(resources.files("impasto.assets") / ASSET) as shipped:
        load_into(network, shipped)
    return network
