"""Means and variances of feature maps: taken, shared by the parts of a picture, and changed."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

EPSILON = 1e-3
"""Added to deviations and variances: a flat region must not be amplified to noise."""


class Moments(NamedTuple):
    """Mean and variance of the channels of a feature map, (N, C, 1, 1) each."""

    mean: Tensor
    variance: Tensor


class Modulation(NamedTuple):
    """By what normalised channels are multiplied and what is added to them, (N, C, 1, 1) each."""

    gain: Tensor
    shift: Tensor


Norm = Callable[[Tensor], Moments]
"""Says what (N, C, H, W) is to be normalised by."""


def own(x: Tensor) -> Moments:
    """Compute the picture's own moments, as for instance normalisation.

    Ulyanov et al. 2016, arXiv 1607.08022.
    """
    x = x.float()
    mean = _average(x)
    # Without a map of the differences, a pass over memory is saved.
    return Moments(mean, (_average(x.square()) - mean.square()).clamp_min(0))


def _average(x: Tensor) -> Tensor:
    """The mean of every channel: of rows, then of these, as ONNX Runtime adds up one by one, and in
    a long sum of nearly equal numbers loses more than their variance."""
    return x.mean(3, keepdim=True).mean(2, keepdim=True)


class Shared:
    """Has the parts of a large picture normalised alike: by moments that they share.

    Chen et al. 2022, "Towards Ultra-Resolution Neural Style Transfer via Thumbnail Instance
    Normalization", arXiv 2103.11784.

    Args:
        given: (N, 2, channels), as `found` in another picture, for all that is normalised in turn.
        share: between 0, which takes the picture's own statistics, and 1, the given ones.
    """

    def __init__(self, given: Tensor, share: Tensor) -> None:
        self._given = given[..., None, None]
        self._share = share
        self._found: list[Tensor] = []

    def __call__(self, x: Tensor) -> Moments:
        """The next moments in the order in which the network asks for them."""
        found = torch.stack(own(x), 1)
        taken = sum(f.shape[2] for f in self._found)
        self._found.append(found)
        given = self._given[:, :, taken : taken + found.shape[2]]
        return Moments(*torch.lerp(found, given, self._share).unbind(1))

    @property
    def found(self) -> Tensor:
        """(N, 2, channels): means and variances of the picture's channels so far."""
        return torch.cat(self._found, 2).flatten(2)


def normalised(x: Tensor, by: Moments, modulation: Modulation) -> Tensor:
    """Normalise (N, C, H, W) to mean 0 and deviation 1, and then modulate it.

    In one multiplication and one addition, in the precision of `x`, to save memory bandwidth.
    """
    gain = modulation.gain * torch.rsqrt(by.variance + EPSILON)
    return x * gain.to(x.dtype) + (modulation.shift - by.mean * gain).to(x.dtype)


def adain(modulation: Modulation, mean: Tensor, deviation: Tensor) -> Modulation:
    """Combine a modulation with AdaIN, which gives channels mean and deviation, (N, C, 1, 1) each.

    Huang and Belongie 2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance
    Normalization", arXiv 1703.06868, eq. 8.
    """
    return Modulation(modulation.gain * deviation, modulation.shift * deviation + mean)
