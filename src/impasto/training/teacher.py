"""VGG-16 as a teacher: frozen, with gradients only with respect to the picture.

The training of a painter spends most of its time here, in elementwise passes rather than in
convolutions. The two functions below need fewer of these passes than autograd. They compute no
gradients of weights, keep channels last throughout, and add the gradient of a Gram matrix within
the product that computes it. Together they halve the time of a step on a CPU.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PLAN: tuple[int | None, ...] = (0, 2, None, 5, 7, None, 10, 12, 14, None, 17, 19, 21, None, 24)
"""VGG-16 up to relu5_1: torchvision's numbers of the convolutions, and None for max pooling."""

TAPS = {2: "relu1_2", 7: "relu2_2", 14: "relu3_3", 21: "relu4_3", 24: "relu5_1"}
"""The layers of Johnson et al. 2016 (arXiv 1603.08155), and relu5_1, which responds to large forms,
by the numbers of their convolutions."""

LAYERS = tuple(TAPS.values())

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


class Seen(NamedTuple):
    """The teacher's features at one layer, with their statistics.

    Attributes:
        features: (N, C, H, W).
        mean: (N, C), float32.
        gram: (N, C, C), float32: sums over positions, divided by H W.
    """

    features: Tensor
    mean: Tensor
    gram: Tensor


class Teacher(nn.Module):
    """Computes VGG-16's features and their statistics, from (N, 3, H, W) in [0, 1].

    Args:
        weights: of VGG-16, by torchvision's names: `features.0.weight` and so on.
        precision: of the convolutions; statistics are float32.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, weights: Mapping[str, Tensor], precision: torch.dtype) -> None:
        super().__init__()
        self._precision = precision
        mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _DEVIATION))
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        for k in (k for k in PLAN if k is not None):
            weight = weights[f"features.{k}.weight"].to(precision)
            # The kernel, transposed and rotated by 180 degrees, computes the backward pass.
            backward = weight.flip(2, 3).transpose(0, 1)
            for name, value in (("weight", weight), ("backward", backward)):
                value = value.contiguous(memory_format=torch.channels_last)
                self.register_buffer(f"{name}{k}", value)
            self.register_buffer(f"bias{k}", weights[f"features.{k}.bias"].to(precision))

    def forward(self, image: Tensor) -> dict[str, Seen]:
        """Compute features and their statistics, by the names of `LAYERS`."""
        seen = {}

        def tap(layer: str, features: Tensor) -> Tensor:
            features, mean, gram = _Statistics.apply(features)  # type: ignore[no-untyped-call]
            seen[layer] = Seen(features, mean, gram)
            return features

        self._run(image, tap)
        return seen

    @torch.no_grad()
    def features(self, image: Tensor) -> dict[str, Tensor]:
        """Compute only the features, by the names of `LAYERS`, without gradients."""
        found = {}

        def tap(layer: str, features: Tensor) -> Tensor:
            found[layer] = features
            return features

        self._run(image, tap)
        return found

    def _run(self, image: Tensor, tap: Callable[[str, Tensor], Tensor]) -> None:
        """Pass the features of each of `LAYERS` to `tap`, and continue with what it returns."""
        x = ((image - self.mean) / self.deviation).to(self._precision)
        x = x.contiguous(memory_format=torch.channels_last)
        for k in PLAN:
            if k is None:
                x = F.max_pool2d(x, 2)
                continue
            layer = (getattr(self, f"{name}{k}") for name in ("weight", "bias", "backward"))
            # Zeros around the first layer would lead to artefacts at the border of paintings.
            x = F.pad(x, (1,) * 4, mode="replicate") if k == 0 else x
            padding = 0 if k == 0 else 1
            x = _ConvRelu.apply(x, *layer, padding)  # type: ignore[no-untyped-call]
            if k in TAPS:
                x = tap(TAPS[k], x)


def statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the mean (N, C) and the Gram matrix (N, C, C) of (N, C, H, W), both in float32.

    The Gram matrix is a sum over positions, divided by H W.
    """
    x = _positions(features)
    mean = x.sum(1, dtype=torch.float32) / x.shape[1]
    return mean, torch.bmm(x.mT, x).float() / x.shape[1]


class _ConvRelu(torch.autograd.Function):
    """relu(conv(x)) with a frozen 3 x 3 kernel."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, backward: Tensor, padding: int
    ) -> Tensor:
        out = F.conv2d(x, weight, bias, padding=padding).relu_()
        ctx.save_for_backward(out, backward)
        ctx.padding = padding
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        out, backward = ctx.saved_tensors
        gradient = torch.ops.aten.threshold_backward(gradient, out, 0)
        return F.conv2d(gradient, backward, padding=2 - ctx.padding), None, None, None, None


class _Statistics(torch.autograd.Function):
    """Returns the features unchanged, with their mean and Gram matrix."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        ctx.save_for_backward(features)
        return features.view_as(features), *statistics(features)

    @staticmethod
    def backward(ctx: Any, passed_on: Tensor, of_mean: Tensor, of_gram: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        x = _positions(features)
        n, c, h, w = features.shape
        of_gram = ((of_gram + of_gram.mT) / (h * w)).to(x.dtype)
        gradient = torch.baddbmm(_positions(passed_on), x, of_gram)
        gradient += (of_mean / (h * w)).to(x.dtype)[:, None]
        return gradient.reshape(n, h, w, c).permute(0, 3, 1, 2)


def _positions(features: Tensor) -> Tensor:
    """Reshape (N, C, H, W) to (N, H W, C), without a copy if channels are last in memory."""
    n, c, h, w = features.shape
    return features.permute(0, 2, 3, 1).reshape(n, h * w, c)
