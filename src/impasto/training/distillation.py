"""What the compact encoder learns from VGG-16: features, statistics and gradients.

Linear heads on the student's features must predict the teacher's features of the same layers. The
means and covariances of these predictions must be the teacher's. And the gradient of a style loss
by the pixels must point where the teacher's does, since an optimization follows this gradient.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

from impasto.networks import compact
from impasto.networks.vgg import VGG
from impasto.settings import STYLE_LAYERS
from impasto.training.images import to_unit

LAYERS = (*STYLE_LAYERS[:4], "relu4_2", "relu5_1")
"""The layers that an optimization uses."""

AUXILIARY_LAYERS = ("relu1_2", "relu2_2", "relu3_2", "relu3_3", "relu4_3")
"""Further layers with a smaller weight. With them, each convolution is learned much faster."""

SUPERVISED = LAYERS + AUXILIARY_LAYERS

AUXILIARY_WEIGHT = 0.25
STATISTICS_WEIGHT = 0.5
GRADIENT_WEIGHT = 0.25
"""Weights of these layers, of the statistics and of the gradients; a main layer's is 1."""

FLAT = 0.1
"""The share of the usual covariance that is added to a picture's own before distances are divided
by it, so that differences in nearly flat pictures count less."""

POOLED = 4
"""Side in pixels of the cells over which gradients are compared a second time."""

STROKE = 0.02
"""How far the first step on a canvas moves a pixel; later ones move it less and less."""


class Moments(NamedTuple):
    """Statistics of the features of pictures at one layer.

    Attributes:
        mean: (N, C).
        covariance: (N, C, C).
    """

    mean: Tensor
    covariance: Tensor


def moments(features: Tensor) -> Moments:
    """Compute the mean and covariance over positions of (N, C, H, W), in float32."""
    flat = features.float().flatten(2)
    mean = flat.mean(2)
    centred = flat - mean[..., None]
    return Moments(mean, centred @ centred.mT / flat.shape[2])


class Student(nn.Module):
    """The compact encoder with a linear head on every supervised layer.

    The heads predict the teacher's features. They have no biases, so that a head maps the
    statistics of features as it maps features.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = compact.build()
        widths = {layer: compact.WIDTHS[int(layer[4]) - 1] for layer in SUPERVISED}
        self.heads = nn.ParameterDict({k: torch.zeros(2 * w, w) for k, w in widths.items()})

    def predicted(self, layer: str, features: Tensor) -> Tensor:
        """Predict the teacher's features from the student's."""
        return F.conv2d(features, self.heads[layer][..., None, None])

    def statistics(self, features: Mapping[str, Tensor]) -> dict[str, Moments]:
        """Compute the statistics of these predictions at the style layers."""
        own = {k: moments(features[k]) for k in STYLE_LAYERS}
        return {
            k: Moments(mean @ self.heads[k].mT, self.heads[k] @ covariance @ self.heads[k].mT)
            for k, (mean, covariance) in own.items()
        }


class Distillation(nn.Module):
    """A step of the training: the student, and the pictures that are painted with it.

    Args:
        student: is trained.
        teacher: VGG-16, frozen.
        image: (N, 3, H, W), pictures on which to measure how much features usually vary.
        canvases: how many pictures to paint, of the same size.
        precision: of the convolutions; statistics and losses are always float32.
    """

    canvas: Tensor
    style: Tensor

    def __init__(
        self,
        student: Student,
        teacher: VGG,
        image: Tensor,
        canvases: int,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.student = student
        # In a list, the teacher's weights are no part of the state.
        self._teacher, self._precision = [teacher], precision
        with torch.no_grad():
            seen = teacher(image, SUPERVISED)
        self._variance = {k: f.float().var(dim=(0, 2, 3)).mean() for k, f in seen.items()}
        self._energy = {k: _energy(moments(seen[k]).covariance).mean() for k in STYLE_LAYERS}
        shape = canvases, *image.shape[1:]
        self.register_buffer("canvas", torch.zeros(shape, device=image.device))
        self.register_buffer("style", torch.zeros(shape, device=image.device))

    def forward(self, pixels: Tensor, age: Tensor) -> dict[str, Tensor]:
        """Compute the losses of a step, and paint a little on the canvases.

        Args:
            pixels: (2 K, H, W, 3) uint8, new pictures. Where a canvas is renewed, it is the first
                picture of a pair, and its style is the second.
            age: (K,), of the canvases, from 0 for those that are renewed to 1.
        """
        fresh = to_unit(pixels)
        new = (age == 0).view(-1, 1, 1, 1)
        self.canvas.copy_(torch.where(new, fresh[0::2], self.canvas))
        self.style.copy_(torch.where(new, fresh[1::2], self.style))
        losses, slope = self.compare(fresh, self.style, self.canvas)
        step = STROKE * (1 - age).view(-1, 1, 1, 1) * slope.sign()
        self.canvas.copy_((self.canvas - step).clamp(0, 1))
        return losses

    def compare(
        self, fresh: Tensor, style: Tensor, canvas: Tensor
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Compare the student with the teacher.

        Args:
            fresh: (M, 3, H, W), any pictures.
            style: (K, 3, H, W).
            canvas: (K, 3, H, W), to which the student and the teacher would give these styles.

        Returns:
            The losses "features", "statistics" and "gradient"; and the gradient of the style loss
            by the canvas that the student computes, (K, 3, H, W).
        """
        still = torch.cat([fresh, style]).contiguous(memory_format=torch.channels_last)
        canvas = canvas.detach().clone(memory_format=torch.channels_last).requires_grad_(True)
        (teacher,) = self._teacher
        with torch.no_grad():
            wanted_still = teacher(still, SUPERVISED)
        wanted = teacher(canvas, SUPERVISED)
        with self._networks():
            found_still = self.student.encoder(still, SUPERVISED)
            found = self.student.encoder(canvas, SUPERVISED)
        seen, seen_still = (
            {k: moments(features[k]) for k in STYLE_LAYERS} for features in (wanted, wanted_still)
        )
        read, read_still = self.student.statistics(found), self.student.statistics(found_still)

        slope = _slope(self._style_loss(seen, seen_still), canvas)
        own_slope = _slope(self._style_loss(read, read_still), canvas, retain_graph=True)
        share = len(canvas) / (len(canvas) + len(still))
        losses = {
            "features": torch.lerp(
                self._feature_loss(found_still, wanted_still),
                self._feature_loss(found, wanted),
                share,
            ),
            "statistics": torch.lerp(
                self._distance(read_still, seen_still), self._distance(read, seen), share
            )
            / len(STYLE_LAYERS),
            "gradient": self._gradient_loss(own_slope, slope, canvas, read_still),
        }
        return losses, own_slope

    @torch.no_grad()
    def predictions(self, image: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Compute the student's predictions of the teacher's features at `LAYERS`, and these."""
        (teacher,) = self._teacher
        wanted = teacher(image, LAYERS)
        with self._networks():
            found = self.student.encoder(image, LAYERS)
            predicted = {k: self.student.predicted(k, f).float() for k, f in found.items()}
        return {k: (predicted[k], wanted[k].float()) for k in LAYERS}

    @contextmanager
    def _networks(self) -> Iterator[None]:
        """Let convolutions compute in the precision of the training."""
        device = self.canvas.device.type
        enabled = self._precision != torch.float32
        with torch.autocast(device, self._precision, enabled=enabled, cache_enabled=False):
            yield

    def _feature_loss(self, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
        """Compute the mean squared error of predicted features, over their usual variance."""
        total, weights = torch.zeros((), device=self.canvas.device), 0.0
        for layer in SUPERVISED:
            with self._networks():
                predicted = self.student.predicted(layer, found[layer])
            weight = AUXILIARY_WEIGHT if layer in AUXILIARY_LAYERS else 1.0
            error = (predicted.float() - wanted[layer].detach().float()).square().mean()
            total = total + weight * error / self._variance[layer]
            weights += weight
        return total / weights

    def _style_loss(self, canvas: Mapping[str, Moments], still: Mapping[str, Moments]) -> Tensor:
        """Compare the statistics of canvases with those of their styles, the last of `still`."""
        count = len(canvas[STYLE_LAYERS[0]].mean)
        style = {k: Moments(*(x[-count:] for x in still[k])) for k in STYLE_LAYERS}
        return self._distance(canvas, style)

    def _distance(self, one: Mapping[str, Moments], target: Mapping[str, Moments]) -> Tensor:
        """Compare statistics with a target, relative to it: the sum of layers' means."""
        distances = []
        for layer in STYLE_LAYERS:
            mean, covariance = (x.detach() for x in target[layer])
            of_means = (one[layer].mean - mean).square().sum(1)
            of_covariances = _energy(one[layer].covariance - covariance)
            size = mean.square().sum(1) + FLAT * self._energy[layer].sqrt()
            spread = _energy(covariance) + FLAT * self._energy[layer]
            distances.append((of_means / size + of_covariances / spread).mean())
        return torch.stack(distances).sum()

    def _gradient_loss(
        self, own: Tensor, wanted: Tensor, canvas: Tensor, still: Mapping[str, Moments]
    ) -> Tensor:
        """Compare the student's gradient with the teacher's, so that the student can learn from it.

        The gradient of this loss L by the weights would need second derivatives of convolutions,
        which are slow. But with u the gradient of L by `own`, it is also that of the style loss's
        derivative in the direction u, for which forward-mode differentiation uses convolutions
        alone.
        """
        own = own.detach().requires_grad_(True)
        angle = angle_between(own, wanted)
        direction = _slope(angle, own)
        with forward_ad.dual_level():
            moved = forward_ad.make_dual(  # type: ignore[no-untyped-call]
                canvas.detach(), direction
            )
            with self._networks():
                found = self.student.encoder(moved, STYLE_LAYERS)
            derivative: Tensor = forward_ad.unpack_dual(  # type: ignore[no-untyped-call]
                self._style_loss(self.student.statistics(found), still)
            ).tangent
        return angle.detach() + derivative - derivative.detach()


def total(losses: Mapping[str, Tensor]) -> Tensor:
    """Compute the weighted sum of the losses of a step."""
    return (
        losses["features"]
        + STATISTICS_WEIGHT * losses["statistics"]
        + GRADIENT_WEIGHT * losses["gradient"]
    )


def angle_between(one: Tensor, other: Tensor) -> Tensor:
    """Compute one minus the cosine between gradients (N, 3, H, W), averaged over pictures.

    It is the mean of that by pixels and that by cells of `POOLED` pixels.
    """
    pairs = [(one, other), (F.avg_pool2d(one, POOLED), F.avg_pool2d(other, POOLED))]
    cosines = [F.cosine_similarity(a.flatten(1), b.flatten(1), eps=1e-12) for a, b in pairs]
    return 1 - torch.stack(cosines).mean()


def _energy(covariance: Tensor) -> Tensor:
    return covariance.square().sum((1, 2))


def _slope(loss: Tensor, by: Tensor, *, retain_graph: bool = False) -> Tensor:
    (slope,) = torch.autograd.grad(loss, by, retain_graph=retain_graph)
    return slope
