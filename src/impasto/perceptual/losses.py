"""Perceptual losses: how far a picture is from a content and from a style.

All of them are relative: divided by the energy of what they are compared with. So one weight
means the same at every layer, with every encoder and at every size, which the papers' absolute
losses do not (a layer's energy differs a thousandfold between encoders).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from impasto.perceptual.statistics import Statistics, eigh

COVARIANCE_FLOOR = 1e-4
"""Added to the diagonal of a covariance, as a part of its mean variance: keeps roots finite."""

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
