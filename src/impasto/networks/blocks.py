"""Layers of the painter whose weights or scales depend on the style."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.moments import (
    ModulatedInstanceNorm,
    Modulation,
    StatsSource,
    instance_stats,
)

Padding = Literal["zeros", "replicate"]
"""Padding of convolutions. Zeros are faster, but tint the border."""

CODE_SIZE = 48
"""Length of the code that changes the weights of `StyleConditionedConv2d`."""

CLAMP_SIGMA = 10.0
"""Standardized inputs are clamped to this many standard deviations."""


def conv(
    inputs: int, outputs: int, padding: Padding = "replicate", *, stride: int = 1
) -> nn.Conv2d:
    """Build a 3 x 3 convolution that keeps the size, divided by `stride`."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, padding_mode=padding)


class ConditionalResidualBlock(nn.Module):
    """A residual block with conditional instance normalization.

    x + conv(relu(modulated_instance_norm(conv(x)))), after Dumoulin et al. 2017,
    "A Learned Representation for Artistic Style", arXiv 1610.07629.
    """

    def __init__(self, width: int, padding: Padding = "replicate") -> None:
        super().__init__()
        self.first = conv(width, width, padding)
        self.norm = ModulatedInstanceNorm(width)
        self.second = conv(width, width, padding)

    def forward(
        self, x: Tensor, modulation: Modulation, norm: StatsSource = instance_stats
    ) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        modulated = self.norm(self.first(x), modulation, norm)
        out: Tensor = x + self.second(F.relu(modulated))
        return out


class Standardize(nn.Module):
    """Standardizes features (N, C) by a fixed mean and variance."""

    mean: Tensor
    variance: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C), clamped to `CLAMP_SIGMA` standard deviations."""
        standard = (x - self.mean) * torch.rsqrt(self.variance + 1e-5)
        return standard.clamp(-CLAMP_SIGMA, CLAMP_SIGMA)


class StyleConditionedConv2d(nn.Module):
    """A convolution whose weights are the sum of common ones and a change for each style.

    The change is linear in the style's code, the simplest case of Ha et al. 2017, "HyperNetworks",
    arXiv 1609.09106, eq. 2. Scales and shifts alone cannot express how a woodcut and an oil
    painting differ in the ways that features are combined and converted to colours.
    """

    def __init__(self, inputs: int, outputs: int, side: int = 1) -> None:
        super().__init__()
        self.common = nn.Conv2d(inputs, outputs, side, bias=False)
        # (outputs, inputs x side^2, codes): training scales a layer's learning rate by its inputs.
        self.change = nn.Parameter(torch.zeros(outputs, inputs * side**2, CODE_SIZE))
        self.shift = nn.Linear(CODE_SIZE, outputs)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)

    def forward(self, x: Tensor, code: Tensor, mixing: Tensor | None = None) -> Tensor:
        """Convolve (N, C, H, W), padded with zeros, by codes (N, CODE_SIZE) or one for all.

        The outputs are multiplied by the matrices `mixing`, (N, outputs, outputs), if given.
        """
        common = self.common.weight
        change = F.linear(code, self.change.flatten(0, 1)).reshape(-1, *common.shape)
        weights, shifts = common + change, self.shift(code)
        if mixing is not None:
            weights = (mixing @ weights.flatten(2)).reshape(-1, *common.shape)
            shifts = (mixing @ shifts[..., None])[..., 0]
        side = common.shape[2]
        if len(weights) == 1:
            return F.conv2d(x, weights[0], shifts[0], padding=side // 2)
        # Matrix products: convolutions in groups are slow on graphics processors.
        patches = x.flatten(2) if side == 1 else F.unfold(x, side, padding=side // 2)
        kernels, shifts = weights.flatten(2).to(x.dtype), shifts[..., None].to(x.dtype)
        out = torch.baddbmm(shifts, kernels, patches)
        return out.reshape(len(x), -1, *x.shape[2:])
