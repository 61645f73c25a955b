"""Statistics of features: means and Gram matrices."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Statistics:
    """The statistics of a style at one layer: the mean and second moments of its features.

    Attributes:
        mean: (C,), or (N, C) of N pictures, averaged over positions.
        gram: (C, C), or (N, C, C), second moments about zero: the Gram matrix. Both averaged over
            several styles give the statistics of their mixture; covariances do not.
    """

    mean: Tensor
    gram: Tensor

    def __add__(self, other: "Statistics") -> "Statistics":
        """Add the contributions of two parts to the statistics of a whole."""
        return Statistics(self.mean + other.mean, self.gram + other.gram)

    @property
    def covariance(self) -> Tensor:
        """(C, C), or (N, C, C), second moments about the mean."""
        return self.gram - self.mean[..., :, None] * self.mean[..., None, :]

    @property
    def energy(self) -> Tensor:
        """Mean square of a feature, a scalar."""
        return self.gram.diagonal().mean()


def gram(features: Tensor) -> Tensor:
    """Compute the correlations between feature maps, averaged over positions.

    G[i, j] = 1/(H W) * sum over positions p of F[i, p] F[j, p]

    Args:
        features: (N, C, H, W).

    Returns:
        (N, C, C), symmetric, positive semi-definite.

    Gatys, Ecker, Bethge 2015, eq. 3, which does not divide by H W; dividing keeps the loss of
    one picture the same at every scale of the coarse-to-fine schedule.
    """
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


def statistics(features: Tensor, positions: int | None = None) -> Statistics:
    """Compute mean and Gram matrix of (1, C, H, W) features, in float32 or wider.

    Args:
        positions: number of positions of the whole picture, if the features are a part of it; the
            result is then the part's contribution. By default that of the features.
    """
    count = positions or features.shape[2] * features.shape[3]
    mean, second = _Moments.apply(features, count)  # type: ignore[no-untyped-call]
    return Statistics(mean, second)


def guided_statistics(features: Tensor, guide: Tensor) -> Statistics:
    """Compute mean and second moments of (1, C, H, W) features, each position weighted.

    m[i] = sum over positions p of w[p] F[i, p]
    G[i, j] = sum over positions p of w[p] F[i, p] F[j, p]

    Args:
        guide: w, (H, W), not negative, with sum 1; or the part of such a guide for these features,
            for their contribution.
    """
    flat = features[0].flatten(1).to(torch.promote_types(features.dtype, torch.float32))
    weighted = flat * guide.flatten()
    return Statistics(weighted.sum(1), weighted @ flat.mT)


def mixture(parts: Sequence[Statistics], weights: Sequence[float]) -> Statistics:
    """Average the statistics of several styles with weights that need not sum to 1."""
    total = sum(weights)
    shares = [weight / total for weight in weights]
    mean = torch.stack([w * s.mean for w, s in zip(shares, parts, strict=True)]).sum(0)
    second = torch.stack([w * s.gram for w, s in zip(shares, parts, strict=True)]).sum(0)
    return Statistics(mean, second)


class _Moments(torch.autograd.Function):
    """Sums of (1, C, H, W) features F and of F F^T, divided by n, as one operation: m and G.

    With u and U the gradients of the loss by them, that by the features at each position is
    (u + (U + U^T) F) / n: one product that reads the features once, where differentiating
    the formulas takes three passes and as many gradients of the features' size. Positions come
    first, channels last, as the convolutions have them in memory. The sums are float32, for
    covariances are differences of them; the gradient is of the features' own precision.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, count: int) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(features)
        ctx.count = count
        flat = _positions(features).to(torch.promote_types(features.dtype, torch.float32))
        return flat.sum(0) / count, flat.mT @ flat / count

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (features,) = ctx.saved_tensors
        mean, second = (gradient / ctx.count for gradient in upstream)
        slope = (second + second.mT).to(features.dtype)
        gradient = torch.addmm(mean.to(features.dtype), _positions(features), slope)
        _, channels, height, width = features.shape
        shaped: Tensor = gradient.view(height, width, channels).permute(2, 0, 1)[None]
        return shaped, None


def _positions(features: Tensor) -> Tensor:
    """(H W, C) of (1, C, H, W): a view where channels are last in memory."""
    return features[0].permute(1, 2, 0).reshape(-1, features.shape[1])


def eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Compute eigenvalues (..., C), ascending, and eigenvectors of (..., C, C).

    LAPACK fails on a NaN, and in rare cases on a valid matrix. The result is then NaN, so that the
    solver can recover.
    """
    # Metal has no such routine.
    work = matrix.cpu() if matrix.device.type == "mps" else matrix
    try:
        values, vectors = torch.linalg.eigh(work)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # documented all the same
        return torch.full_like(matrix[..., 0], math.nan), torch.full_like(matrix, math.nan)
    return values.to(matrix.device), vectors.to(matrix.device)
