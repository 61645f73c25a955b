"""Layers of the painter whose weights or scales depend on the style."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.moments import Modulation, Norm, normalised, own

Padding = Literal["zeros", "replicate"]
"""What convolutions see beyond the border. Zeros are faster, but tint it."""

CODES = 48
"""Length of the code that changes the weights of `Styled` convolutions."""

STRANGEST = 10.0
"""Standardized inputs are clamped to this many standard deviations."""


def conv(
    inputs: int, outputs: int, padding: Padding = "replicate", *, stride: int = 1
) -> nn.Conv2d:
    """Build a 3 x 3 convolution that keeps the size, divided by `stride`."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, padding_mode=padding)


class Modulated(nn.Module):
    """A residual block with conditional instance normalization.

    x + conv(relu(gain * normalised(conv(x)) + shift)), after Dumoulin et al. 2017,
    "A Learned Representation for Artistic Style", arXiv 1610.07629.
    """

    def __init__(self, width: int, padding: Padding = "replicate") -> None:
        super().__init__()
        self.first = conv(width, width, padding)
        self.second = conv(width, width, padding)

    def forward(self, x: Tensor, modulation: Modulation, norm: Norm = own) -> Tensor:
        """(N, C, H, W), to the same."""
        features = self.first(x)
        modulated = normalised(features, norm(features), modulation)
        out: Tensor = x + self.second(F.relu(modulated))
        return out


class Standardised(nn.Module):
    """Features (N, C) less their usual mean, divided by their usual standard deviation."""

    mean: Tensor
    variance: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C), clamped to `STRANGEST` either side of 0."""
        standard = (x - self.mean) * torch.rsqrt(self.variance + 1e-5)
        return standard.clamp(-STRANGEST, STRANGEST)


class Styled(nn.Module):
    """A convolution whose weights are common to all styles, plus a change for each.

    The change is linear in the style's code: the simplest kind of Ha et al. 2017, "HyperNetworks",
    arXiv 1609.09106, eq. 2. A woodcut and an oil painting differ more in how features are joined
    and turned into colours than scales and shifts can tell.
    """

    def __init__(self, inputs: int, outputs: int, side: int = 1) -> None:
        super().__init__()
        self.common = nn.Conv2d(inputs, outputs, side, bias=False)
        # (outputs, inputs of a weight, codes): training scales a layer's rate by its inputs.
        self.change = nn.Parameter(torch.zeros(outputs, inputs * side**2, CODES))
        self.shift = nn.Linear(CODES, outputs)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Convolve (N, C, H, W), padded with zeros, by codes (N, CODES) or one for all."""
        common = self.common.weight
        change = F.linear(code, self.change.flatten(0, 1)).reshape(-1, *common.shape)
        weights, shifts = (common + change).flatten(0, 1), self.shift(code).flatten()
        if len(code) == 1:
            return F.conv2d(x, weights, shifts, padding=common.shape[2] // 2)
        # A convolution has one set of weights: the pictures become groups of channels.
        groups = x.reshape(1, -1, *x.shape[2:])
        out = F.conv2d(groups, weights, shifts, padding=common.shape[2] // 2, groups=len(x))
        return out.reshape(len(x), -1, *x.shape[2:])
