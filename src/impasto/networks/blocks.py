"""What the stylizer's decoder is built of: layers that do what a style and a photo ask for."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.moments import Modulation, Norm, normalised, own

Padding = Literal["zeros", "replicate"]
"""How convolutions go on beyond the border. Zeros are quicker, but spoil it."""

CODES = 48
"""Numbers of the code that changes the weights of the decoder's `Styled` convolutions."""

STEADY = 0.005
"""What a batch counts for, at least, in the averages by which `Standardised` measures: they go on
following what the encoder learns, and are made of some hundred batches."""

STRANGEST = 10.0
"""Deviations from the average beyond which no style or photo counts as any stranger."""


def conv(
    inputs: int, outputs: int, padding: Padding = "replicate", *, stride: int = 1
) -> nn.Conv2d:
    """Build a convolution of 3 x 3 pixels, one for each step of `stride`."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, padding_mode=padding)


class Modulated(nn.Module):
    """A residual block whose normalised features are scaled and shifted as style and photo want.

    x + conv(relu(gain * normalised(conv(x)) + shift)), after Dumoulin et al. 2017,
    "A Learned Representation for Artistic Style", arXiv 1610.07629.
    """

    def __init__(self, width: int, padding: Padding = "replicate") -> None:
        super().__init__()
        self.first = conv(width, width, padding)
        self.second = conv(width, width, padding)

    def forward(self, x: Tensor, modulation: Modulation, norm: Norm = own) -> Tensor:
        """(N, C, H, W), to the same."""
        seen = self.first(x)
        out: Tensor = x + self.second(F.relu(normalised(seen, norm(seen), modulation)))
        return out


class Standardised(nn.Module):
    """Numbers (N, features), less their average, in deviations, both of what was seen in training.

    Batch normalisation would measure a style by the handful that it is trained together with, and
    tell the network something else of the same style every time.
    """

    mean: Tensor
    variance: Tensor
    batches: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """Between -`STRANGEST` and `STRANGEST`; in training, the batch is counted first, unless it
        is of one, which varies in nothing."""
        if self.training and len(x) > 1 and x.isfinite().all():
            self._count(x.detach())
        return F.batch_norm(x, self.mean, self.variance).clamp(-STRANGEST, STRANGEST)

    def _count(self, x: Tensor) -> None:
        self.batches += 1
        weight = max(STEADY, 1 / int(self.batches))
        self.mean.lerp_(x.mean(0), weight)
        self.variance.lerp_(x.var(0), weight)

    def settle(self) -> None:
        """Takes its averages for those of many batches, which only new batches change slowly."""
        self.batches.fill_(round(1 / STEADY))


class Styled(nn.Module):
    """A convolution whose weights are those of all styles plus what this one changes in them.

    The change is linear in a code: Ha et al. 2017, "HyperNetworks", arXiv 1609.09106,
    eq. 2, of the simplest kind. What joins features and turns them into colours differs more
    between a woodcut and an oil painting than scales and shifts can say.
    """

    def __init__(self, inputs: int, outputs: int, side: int = 1) -> None:
        super().__init__()
        self.common = nn.Conv2d(inputs, outputs, side, bias=False)
        # By outputs, as the weights are: training takes a layer's rate from how many it adds up.
        self.change = nn.Parameter(torch.zeros(outputs, inputs * side**2, CODES))
        self.shift = nn.Linear(CODES, outputs)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """(N, C, H, W) of N styles with (N, CODES), or of one; zeros lie beyond the border."""
        common = self.common.weight
        change = F.linear(code, self.change.flatten(0, 1)).reshape(-1, *common.shape)
        weights, shifts = (common + change).flatten(0, 1), self.shift(code).flatten()
        if len(code) == 1:
            return F.conv2d(x, weights, shifts, padding=common.shape[2] // 2)
        # Convolutions know only one set of weights: the pictures become groups of channels.
        apart = x.reshape(1, -1, *x.shape[2:])
        out = F.conv2d(apart, weights, shifts, padding=common.shape[2] // 2, groups=len(x))
        return out.reshape(len(x), -1, *x.shape[2:])
