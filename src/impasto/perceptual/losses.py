"""Perceptual losses: distances of a picture to a content and to a style.

All losses are divided by the energy of their target. So a weight means the same at every layer,
with every encoder and at every size. With the papers' absolute losses it does not: the energy of a
layer differs a thousandfold between encoders.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.perceptual.statistics import Statistics, eigh

COVARIANCE_FLOOR = 1e-4
"""Added to the diagonal of a covariance, relative to its mean variance, to keep roots finite."""

NEGLIGIBLE = 1e-3
"""Directions of a style with less than this part of the mean variance are left out of roots."""

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
        # Half precision has too few digits for the mean square of a difference.
        self.target = target.to(torch.promote_types(target.dtype, torch.float32))
        variance = self.target.var(dim=(0, 2, 3), correction=0).mean()
        self._scale = 1 / (variance + 1e-8)

    def __call__(self, features: Tensor, place: tuple[slice, slice] = WHOLE) -> Tensor:
        """Compute the loss: 0 for the content itself, about 1 for a flat picture.

        Args:
            features: (1, C, H, W), or a part of them, for its contribution.
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

    def __call__(self, statistics: Statistics) -> Tensor:
        """Compute the loss: 0 where the Gram matrices agree, 1 for features that are zero."""
        return (statistics.gram - self._gram).square().sum() * self._scale


class WassersteinLoss:
    """Squared 2-Wasserstein distance between the Gaussians of two sets of features.

    L = (|m - m_s|^2 + tr(S + S_s - 2 (S_s^1/2 S S_s^1/2)^1/2)) / (|m_s|^2 + tr S_s)

    Dowson and Landau 1982; as a style loss: Mroueh, "Wasserstein Style Transfer", 2019,
    arXiv 1905.12828. The division is ours.

    Of S_s only the directions count that hold more than `NEGLIGIBLE` of the mean variance: with
    S_s = R R^T, R of as few columns, the last trace is that of (R^T S R)^1/2. A style of 128
    pixels has 64 positions at relu5_1, so 64 directions at the most instead of 512.
    """

    def __init__(self, target: Statistics) -> None:
        covariance = _lift(target.covariance)
        values, vectors = eigh(covariance)
        self._mean = target.mean
        # Values are in ascending order. NaN, of an invalid style, stays.
        first = min(int((values <= NEGLIGIBLE * values.mean()).sum()), len(values) - 1)
        self._root = vectors[:, first:] * values[first:].clamp_min(0).sqrt()
        self._trace = covariance.trace()
        self._scale = 1 / (target.mean.square().sum() + self._trace + 1e-8)

    def __call__(self, statistics: Statistics) -> Tensor:
        """Compute the loss: 0 where mean and covariance agree."""
        covariance = _lift(statistics.covariance)
        overlap: Tensor = _TraceRoot.apply(  # type: ignore[no-untyped-call]
            self._root.mT @ covariance @ self._root
        )
        spread = covariance.trace() + self._trace - 2 * overlap
        distance: Tensor = (statistics.mean - self._mean).square().sum() + spread
        return distance * self._scale


def total_variation(image: Tensor) -> Tensor:
    """Compute the mean squared difference between neighbouring pixels.

    Mahendran and Vedaldi 2015, beta = 2, averaged over pixels.

    Args:
        image: (N, 3, H, W).
    """
    across = (image[..., :, 1:] - image[..., :, :-1]).square().sum()
    down = (image[..., 1:, :] - image[..., :-1, :]).square().sum()
    # Divided by the pixels, not the differences, of which a picture one pixel wide has none.
    return (across + down) / image.numel()


class TotalVariationLoss:
    """Total variation, relative to the weighted mean of that of some pictures.

    Larger pictures vary less from pixel to pixel; the division makes one weight suit every size.
    """

    def __init__(self, pictures: Sequence[tuple[Tensor, float]]) -> None:
        roughness = sum(weight * float(total_variation(picture)) for picture, weight in pictures)
        self._scale = 1 / (roughness / sum(weight for _, weight in pictures) + 1e-4)

    def __call__(self, image: Tensor) -> Tensor:
        """Compute the loss, 0 for a flat picture."""
        return total_variation(image) * self._scale


class SelfSimilarityLoss:
    """Compare the self-similarities of two pictures.

    D[i, j] = 1 - cos(F[i], F[j]),  each column divided by its sum
    L = N * mean(|D - D_c|)  over N positions i, j

    Kolkin, Salavon, Shakhnarovich, "Style Transfer by Relaxed Optimal Transport and
    Self-Similarity", CVPR 2019, eq. 7. A face may take on any colours and strokes, as long as eyes,
    mouth and cheeks differ from each other as before.

    Args:
        target: (C, N), the content's features at N positions.
    """

    def __init__(self, target: Tensor) -> None:
        self._target = _dissimilarities(target)

    def __call__(self, features: Tensor) -> Tensor:
        """Compute the loss: 0 if all relations are kept; at most 2.

        Args:
            features: (C, N) at the same positions.
        """
        difference = _dissimilarities(features) - self._target
        distance: Tensor = difference.abs().mean() * difference.shape[1]
        return distance


def _dissimilarities(features: Tensor) -> Tensor:
    """(N, N) cosine distances between columns, each column with a sum of 1."""
    columns = features.to(torch.promote_types(features.dtype, torch.float32))
    # A column of zeros, which rectified features may have, is at distance 1.
    columns = columns / (columns.norm(dim=0, keepdim=True) + 1e-6)
    distances: Tensor = (1 - columns.mT @ columns).clamp_min(0)
    relative: Tensor = distances / (distances.sum(0, keepdim=True) + 1e-6)
    return relative


class PaletteLoss:
    """Sliced Wasserstein distance between the colours of two pictures, relative to their spread.

    L = mean over directions d of |sort(d . x) - sort(d . y)|^2 / mean over d of var(d . y)

    Rabin et al., "Wasserstein Barycenter and its Application to Texture Mixing", 2011; as a loss,
    Heitz et al., CVPR 2021, arXiv 2006.07229. The style loss compares means and covariances, which
    do not distinguish a palette of three colours from one of two. The directions are fixed, so that
    results can be repeated. Red-green and yellow-blue count double, as small accents of colour
    weigh little otherwise.

    Args:
        target: (3, N) colours, RGB.
    """

    def __init__(self, target: Tensor) -> None:
        directions = _directions(PALETTE_DIRECTIONS) @ torch.tensor(_OPPONENT)
        self._directions = directions.to(target)
        self._sorted = (self._directions @ target).sort(1).values
        spread = self._sorted - self._sorted.mean(1, keepdim=True)
        self._scale = 1 / (spread.square().mean() + 1e-4)

    def __call__(self, colours: Tensor) -> Tensor:
        """Compute the loss: 0 for the same palette, about 1 for a picture of one colour.

        Args:
            colours: (3, M), RGB; M need not be N.
        """
        projected = (self._directions @ colours).sort(1).values
        target = F.interpolate(self._sorted[None], projected.shape[1], mode="linear")[0]
        distance: Tensor = (projected - target).square().mean() * self._scale
        return distance


PALETTE_DIRECTIONS = 16
"""Directions along which palettes are compared."""

# Brightness; red against green; yellow against blue.
_OPPONENT = [[1 / 3, 1 / 3, 1 / 3], [2.0, -2.0, 0.0], [1.0, 1.0, -2.0]]


def _directions(count: int) -> Tensor:
    """(count, 3) unit vectors spread evenly over half a sphere, along a spiral."""
    steps = torch.arange(count, dtype=torch.float32) + 0.5
    height = 1 - steps / count
    angle = math.pi * (1 + math.sqrt(5)) * steps
    radius = (1 - height.square()).sqrt()
    return torch.stack([angle.cos() * radius, angle.sin() * radius, height], 1)


class ToneLoss:
    """Mean absolute difference of two averaged pictures, relative to the target's variation.

    Args:
        target: (1, 3, H, W).
        cells: number of windows along the long side; each overlaps the next by half.
    """

    def __init__(self, target: Tensor, cells: int) -> None:
        height, width = target.shape[-2:]
        side = max(1, round(max(height, width) / cells))
        self._window = min(side, height), min(side, width)
        self._target = self._averaged(target)
        spread = (self._target - self._target.mean((2, 3), keepdim=True)).abs().mean()
        self._scale = 1 / (spread + 0.02)

    def __call__(self, image: Tensor) -> Tensor:
        """Compute the loss: 0 if the large areas agree, about 1 for a picture of one colour."""
        distance: Tensor = (self._averaged(image) - self._target).abs().mean() * self._scale
        return distance

    def _averaged(self, image: Tensor) -> Tensor:
        height, width = self._window
        return F.avg_pool2d(image, self._window, stride=(max(1, height // 2), max(1, width // 2)))


class _TraceRoot(torch.autograd.Function):
    """tr(A^1/2) of a symmetric positive semi-definite matrix.

    d tr(A^1/2) = 1/2 tr(A^-1/2 dA): one eigendecomposition gives value and gradient.
    Differentiating a matrix root would need a Lyapunov equation and be unstable for close
    eigenvalues.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        values, vectors = eigh(matrix)
        # Rounding leaves eigenvalues below zero, whose inverse roots would explode.
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
    """Raise the eigenvalues of a covariance by a small amount."""
    floor = COVARIANCE_FLOOR * covariance.diagonal().mean() + 1e-12
    return covariance + floor * torch.eye(
        len(covariance), dtype=covariance.dtype, device=covariance.device
    )
