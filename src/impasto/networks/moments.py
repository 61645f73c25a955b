"""Means and variances of feature maps: measured, shared among tiles, and modulated."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-3
"""Added to variances: a flat region must not be amplified to noise."""


USUAL = 0.5
"""Share of the usual variance in the variance by which a picture is normalized."""

REMEMBERED = 0.01
"""Weight of a batch in the usual variance while a network is trained."""


class ChannelStats(NamedTuple):
    """Mean and variance of the channels of a feature map, (N, C, 1, 1) each."""

    mean: Tensor
    variance: Tensor


class Modulation(NamedTuple):
    """Scale and shift of the normalized channels of a feature map, (N, C, 1, 1) each."""

    gain: Tensor
    shift: Tensor


StatsSource = Callable[[Tensor], ChannelStats]
"""Computes the statistics by which (N, C, H, W) is normalized."""


def instance_stats(x: Tensor) -> ChannelStats:
    """Measure each picture's statistics.

    This is instance normalization (Ulyanov et al. 2016, arXiv 1607.08022).
    """
    x = x.float()
    mean = _average(x)
    # E[x^2] - E[x]^2 saves a pass over memory.
    return ChannelStats(mean, (_average(x.square()) - mean.square()).clamp_min(0))


def _average(x: Tensor) -> Tensor:
    """Average the averages of rows.

    ONNX Runtime sums values one by one. In one long sum of nearly equal values, the rounding error
    would exceed their variance.
    """
    return x.mean(3, keepdim=True).mean(2, keepdim=True)


class SharedStats:
    """Normalizes the tiles of a large picture by the same statistics.

    Chen et al. 2022, "Towards Ultra-Resolution Neural Style Transfer via Thumbnail Instance
    Normalization", arXiv 2103.11784.

    Args:
        reference: (N, 2, channels), `measured` in another picture, in the order of normalization.
        share: 0 for the picture's own statistics, 1 for the reference's.
    """

    def __init__(self, reference: Tensor, share: Tensor) -> None:
        self._reference = reference[..., None, None]
        self._share = share
        self._measured: list[Tensor] = []

    def __call__(self, x: Tensor) -> ChannelStats:
        """Compute the statistics for the next feature map, in the order of the network."""
        stats = torch.stack(instance_stats(x), 1)
        start = sum(earlier.shape[2] for earlier in self._measured)
        self._measured.append(stats)
        reference = self._reference[:, :, start : start + stats.shape[2]]
        return ChannelStats(*torch.lerp(stats, reference, self._share).unbind(1))

    @property
    def measured(self) -> Tensor:
        """(N, 2, channels): means and variances of the picture's channels so far."""
        return torch.cat(self._measured, 2).flatten(2)


class ModulatedInstanceNorm(nn.Module):
    """Normalizes feature maps to mean 0 and a deviation of about 1, and modulates them.

    The variance is moved half-way to what is usual in training. Divided by the square roots of
    their own variances, the faintest features of a plain picture would become as strong as
    contours, and rings and a weave would appear in plain areas.
    """

    usual: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("usual", torch.zeros(width, 1, 1))

    def forward(
        self, x: Tensor, modulation: Modulation, norm: StatsSource = instance_stats
    ) -> Tensor:
        """Map (N, C, H, W) to the same shape.

        It takes one multiplication and one addition in the precision of `x`, to save memory
        bandwidth.
        """
        by = norm(x)
        if self.training:
            self._remember(by.variance)
        variance = by.variance + USUAL * (self.usual - by.variance)
        gain = modulation.gain * torch.rsqrt(variance + EPSILON)
        shift = modulation.shift - by.mean * gain
        if len(x) == 1:  # ONNX Runtime takes one pass for this, with a ReLU that follows
            gains = gain.to(x.dtype).reshape(-1, 1, 1, 1)
            return F.conv2d(x, gains, shift.to(x.dtype).flatten(), groups=len(gains))
        return x * gain.to(x.dtype) + shift.to(x.dtype)

    @torch.no_grad()
    def _remember(self, variance: Tensor) -> None:
        """Update the moving geometric mean of variances (N, C, 1, 1); the first batch starts it."""
        logs = variance.clamp_min(EPSILON).log().mean(0)
        before = self.usual.clamp_min(EPSILON).log()
        weight = torch.where(self.usual > 0, REMEMBERED, 1.0)
        # A batch that is not finite is skipped by the training, and must leave nothing behind.
        after = torch.where(logs.isfinite(), torch.lerp(before, logs, weight), before)
        self.usual.copy_(after.exp())
