"""Means and variances of feature maps: measured, shared among tiles, and modulated."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

EPSILON = 1e-3
"""Added to variances: a flat region must not be amplified to noise."""


class Moments(NamedTuple):
    """Mean and variance of the channels of a feature map, (N, C, 1, 1) each."""

    mean: Tensor
    variance: Tensor


class Modulation(NamedTuple):
    """Scale and shift of the normalized channels of a feature map, (N, C, 1, 1) each."""

    gain: Tensor
    shift: Tensor


Norm = Callable[[Tensor], Moments]
"""Gives the moments by which (N, C, H, W) is normalized."""


def own(x: Tensor) -> Moments:
    """Measure a picture's own moments: instance normalization (Ulyanov et al. 2016, 1607.08022)."""
    x = x.float()
    mean = _average(x)
    # E[x^2] - E[x]^2 saves a pass over memory.
    return Moments(mean, (_average(x.square()) - mean.square()).clamp_min(0))


def _average(x: Tensor) -> Tensor:
    """Average rows, then their averages: ONNX Runtime adds one by one, and in one long sum of
    nearly equal numbers the rounding error exceeds their variance."""
    return x.mean(3, keepdim=True).mean(2, keepdim=True)


class Shared:
    """Normalizes the tiles of a large picture by the same moments.

    Chen et al. 2022, "Towards Ultra-Resolution Neural Style Transfer via Thumbnail Instance
    Normalization", arXiv 2103.11784.

    Args:
        given: (N, 2, channels), as `found` in another picture, in the order of normalization.
        share: from 0, which takes the picture's own moments, to 1, the given ones.
    """

    def __init__(self, given: Tensor, share: Tensor) -> None:
        self._given = given[..., None, None]
        self._share = share
        self._found: list[Tensor] = []

    def __call__(self, x: Tensor) -> Moments:
        """Give the next moments, in the order in which the network asks for them."""
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
    """Normalize (N, C, H, W) to mean 0 and deviation 1, and modulate it.

    In one multiplication and one addition, in the precision of `x`, to save memory bandwidth.
    """
    gain = modulation.gain * torch.rsqrt(by.variance + EPSILON)
    return x * gain.to(x.dtype) + (modulation.shift - by.mean * gain).to(x.dtype)
