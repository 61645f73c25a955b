"""VGG-19's convolutional part (Simonyan, Zisserman, ICLR 2015, table 1, column E)."""

from collections.abc import Iterator

from torch import nn

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of convolutions of each stage; a pool comes after each."""


def layers(last: str, padding: str = "zeros") -> Iterator[tuple[str, nn.Module]]:
    """List the layers from `conv1_1` to `last`, with their names in the style transfer papers."""
    before = 3
    for stage, (channels, count) in enumerate(STAGES, start=1):
        for number in range(1, count + 1):
            yield f"conv{stage}_{number}", convolution(before, channels, padding)
            yield f"relu{stage}_{number}", nn.ReLU()
            if last == f"relu{stage}_{number}":
                return
            before = channels
        yield f"pool{stage}", nn.MaxPool2d(2)


def convolution(before: int, after: int, padding: str) -> nn.Conv2d:
    """3 x 3, with random weights that keep features about as large in every layer.

    As trained ones do: features that die away to denormal numbers would take longer.
    """
    layer = nn.Conv2d(before, after, 3, padding=1, padding_mode=padding)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer
