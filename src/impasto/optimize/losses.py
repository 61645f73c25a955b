"""Perceptual losses: how far a picture is from a content and from a style.

All of them are relative: divided by the energy of what they are compared with. So one weight
means the same at every layer, with every encoder and at every size, which the papers' absolute
losses do not (a layer's energy differs a thousandfold between encoders).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

COVARIANCE_FLOOR = 1e-4
"""Added to the diagonal of a covariance, as a part of its mean variance: keeps roots finite."""


@dataclass(frozen=True)
class Statistics:
    """What a style is at one layer: the mean and the second moments of its features.

    Attributes:
        mean: (C,), or (N, C) of N pictures, averaged over positions.
        gram: (C, C), or (N, C, C), second moments about zero: the Gram matrix. Both averaged over
            several styles give the statistics of their mixture; covariances do not.
    """

    mean: Tensor
    gram: Tensor

    def __add__(self, other: "Statistics") -> "Statistics":
        """Of a whole, from what two of its parts contribute."""
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
    """Correlations between feature maps, averaged over positions.

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
    """Mean and Gram matrix of (1, C, H, W) features, in float32 also of half-precise ones.

    Args:
        positions: to average over, where the features are a part of a picture that has so many:
            what the part contributes. By default its own.
    """
    count = positions or features.shape[2] * features.shape[3]
    mean, second = _Moments.apply(features, count)  # type: ignore[no-untyped-call]
    return Statistics(mean, second)


def guided_statistics(features: Tensor, guide: Tensor) -> Statistics:
    """Mean and second moments of (1, C, H, W) features, each position weighted.

    m[i] = sum over positions p of w[p] F[i, p]
    G[i, j] = sum over positions p of w[p] F[i, p] F[j, p]

    Args:
        guide: w, (H, W), not negative, with sum 1; or a part of such a guide that belongs to
            these features, for what they contribute.
    """
    flat = features[0].flatten(1).to(torch.promote_types(features.dtype, torch.float32))
    weighted = flat * guide.flatten()
    return Statistics(weighted.sum(1), weighted @ flat.mT)


def mixture(parts: Sequence[Statistics], weights: Sequence[float]) -> Statistics:
    """The statistics of several styles, averaged with weights that need not sum to 1."""
    total = sum(weights)
    shares = [weight / total for weight in weights]
    mean = torch.stack([w * s.mean for w, s in zip(shares, parts, strict=True)]).sum(0)
    second = torch.stack([w * s.gram for w, s in zip(shares, parts, strict=True)]).sum(0)
    return Statistics(mean, second)


WHOLE = (slice(None), slice(None))
"""All rows and columns."""


class ContentLoss:
    """Squared distance between features, relative to how much the target varies.

    L = mean((F - F_c)^2) / mean((F_c - mean(F_c))^2)

    Gatys 2015, eq. 1, with the sum replaced by that ratio.

    Args:
        target: (1, C, H, W), the content's features.
    """

    def __init__(self, target: Tensor) -> None:
        # Half-precise features keep few digits, too few for a difference's mean square.
        self.target = target.to(torch.promote_types(target.dtype, torch.float32))
        variance = self.target.var(dim=(0, 2, 3), correction=0).mean()
        self._scale = 1 / (variance + 1e-8)

    def __call__(self, features: Tensor, place: tuple[slice, slice] = WHOLE) -> Tensor:
        """A scalar: 0 for the content itself, about 1 for a flat picture.

        Args:
            features: (1, C, H, W), or a part of them, for what it contributes.
            place: the part's rows and columns.
        """
        rows, columns = place
        difference = features - self.target[..., rows, columns]
        return difference.square().sum() / self.target.numel() * self._scale


class GramLoss:
    """Squared distance between Gram matrices, relative to the style's.

    L = |G - G_s|^2 / |G_s|^2  (Frobenius)

    Gatys 2015, eq. 4 and 5, with 1/(4 N^2 M^2) replaced by that ratio.
    """

    def __init__(self, target: Statistics) -> None:
        self._gram = target.gram
        self._scale = 1 / (target.gram.square().sum() + 1e-8)

    def __call__(self, found: Statistics) -> Tensor:
        """A scalar: 0 where the Gram matrices agree, 1 for features that are zero."""
        return (found.gram - self._gram).square().sum() * self._scale


class WassersteinLoss:
    """Squared 2-Wasserstein distance between the Gaussians of two sets of features.

    L = (|m - m_s|^2 + tr(S + S_s - 2 (S_s^1/2 S S_s^1/2)^1/2)) / (|m_s|^2 + tr S_s)

    Dowson and Landau 1982; as a style loss: Mroueh, "Wasserstein Style Transfer", 2019,
    arXiv 1905.12828. The division is ours.
    """

    def __init__(self, target: Statistics) -> None:
        covariance = _lift(target.covariance)
        values, vectors = eigh(covariance)
        self._mean = target.mean
        self._root = (vectors * values.clamp_min(0).sqrt()) @ vectors.mT
        self._trace = covariance.trace()
        self._scale = 1 / (target.mean.square().sum() + self._trace + 1e-8)

    def __call__(self, found: Statistics) -> Tensor:
        """A scalar: 0 where mean and covariance agree."""
        covariance = _lift(found.covariance)
        overlap: Tensor = _TraceRoot.apply(  # type: ignore[no-untyped-call]
            self._root @ covariance @ self._root
        )
        spread = covariance.trace() + self._trace - 2 * overlap
        distance: Tensor = (found.mean - self._mean).square().sum() + spread
        return distance * self._scale


def total_variation(image: Tensor) -> Tensor:
    """Mean squared difference between neighbouring pixels, along rows and columns.

    Mahendran and Vedaldi 2015, beta = 2, averaged over pixels.

    Args:
        image: (N, 3, H, W).
    """
    across = (image[..., :, 1:] - image[..., :, :-1]).square().sum()
    down = (image[..., 1:, :] - image[..., :-1, :]).square().sum()
    # Divided by the pixels, not the differences, of which a picture one pixel wide has none.
    return (across + down) / image.numel()


class TotalVariationLoss:
    """Total variation, relative to the weighted mean of some pictures': 1 is as rough as they are.

    A picture varies less from pixel to pixel the larger it is; the division makes one weight
    fit every size.
    """

    def __init__(self, pictures: Sequence[tuple[Tensor, float]]) -> None:
        roughness = sum(weight * float(total_variation(picture)) for picture, weight in pictures)
        self._scale = 1 / (roughness / sum(weight for _, weight in pictures) + 1e-4)

    def __call__(self, image: Tensor) -> Tensor:
        """A scalar, 0 for a flat picture."""
        return total_variation(image) * self._scale


class _Moments(torch.autograd.Function):
    """Sums of (1, C, H, W) features F and of F F^T, divided by n, as one operation: m and G.

    With u and U the gradients of the loss by them, that by the features at each position is
    (u + (U + U^T) F) / n: one product that reads the features once, where differentiating
    the formulas takes three passes and as many gradients of the features' size. Positions come
    first, channels last, as the convolutions have them in memory.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, count: int) -> tuple[Tensor, Tensor]:
        _, channels, height, width = features.shape
        precise = torch.promote_types(features.dtype, torch.float32)
        flat = features.new_empty((height, width, channels), dtype=precise)
        flat = flat.copy_(features[0].permute(1, 2, 0)).view(-1, channels)
        ctx.save_for_backward(flat)
        ctx.shape, ctx.dtype, ctx.count = features.shape, features.dtype, count
        return flat.sum(0) / count, flat.mT @ flat / count

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (flat,) = ctx.saved_tensors
        mean, second = upstream
        gradient = torch.addmm(mean / ctx.count, flat, (second + second.mT) / ctx.count)
        _, channels, height, width = ctx.shape
        shaped: Tensor = gradient.view(height, width, channels).permute(2, 0, 1)[None]
        return shaped.to(ctx.dtype), None


class _TraceRoot(torch.autograd.Function):
    """tr(A^1/2) of a symmetric positive semi-definite matrix.

    d tr(A^1/2) = 1/2 tr(A^-1/2 dA): one eigendecomposition serves value and gradient, where
    differentiating through a matrix root needs a Lyapunov equation and is unstable where
    eigenvalues meet.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        values, vectors = eigh(matrix)
        # Rounding leaves eigenvalues below zero; their inverse roots must not explode.
        roots = values.clamp_min(1e-7 * values[-1].clamp_min(1e-24)).sqrt()
        ctx.save_for_backward(vectors, roots)
        trace: Tensor = roots.sum()
        return trace

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        vectors, roots = ctx.saved_tensors
        gradient: Tensor = 0.5 * (vectors / roots) @ vectors.mT
        return upstream[0] * gradient


def _lift(covariance: Tensor) -> Tensor:
    """The covariance with a floor under its eigenvalues."""
    floor = COVARIANCE_FLOOR * covariance.diagonal().mean() + 1e-12
    return covariance + floor * torch.eye(
        len(covariance), dtype=covariance.dtype, device=covariance.device
    )


def eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (..., C), ascending, and eigenvectors of (..., C, C); NaN where there are none.

    LAPACK fails on a NaN, and in rare cases on a sound matrix. A loss that is NaN instead lets
    the solver step back.
    """
    # Metal has no such routine, so there the CPU.
    work = matrix.cpu() if matrix.device.type == "mps" else matrix
    try:
        values, vectors = torch.linalg.eigh(work)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # documented all the same
        return torch.full_like(matrix[..., 0], math.nan), torch.full_like(matrix, math.nan)
    return values.to(matrix.device), vectors.to(matrix.device)
