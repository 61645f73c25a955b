"""The first weights of the compact encoder: an excerpt of VGG-16, fitted by least squares."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.vgg import VGG
from impasto.training.distillation import Student

POSITIONS, FEWEST = 200_000, 4
"""About how many positions of a layer a fit sees, and in how many pictures at least."""

RIDGE = 1e-2
"""Added to the mean squares of features in a fit, relative to their mean."""


@torch.no_grad()
def excerpt(student: Student, teacher: VGG, image: Tensor) -> None:
    """Let a student begin as its teacher with half of the channels, those that predict the others.

    Layer by layer, each convolution and each head is fitted to what the teacher computes for the
    pictures, given what the student computes up to there.

    Args:
        image: (N, 3, H, W).
    """
    encoder = student.encoder
    for k, layer in enumerate(encoder.layer_names):
        own = encoder.features[k]
        if not isinstance(own, nn.Conv2d):
            continue
        rectified = layer.replace("conv", "relu")
        positions = (image.shape[-1] // encoder.stride(layer)) ** 2
        some = image[: max(FEWEST, POSITIONS // positions)]
        seen = teacher(some, [layer, rectified])
        wanted, target = _channels_first(seen[layer]), _channels_first(seen[rectified])
        chosen = spanning(target @ target.mT, own.out_channels)
        kernel = fitted(_patches(encoder, k, some), wanted[chosen])
        own.weight.copy_(kernel[:, :-1].view_as(own.weight))
        assert own.bias is not None
        own.bias.copy_(kernel[:, -1])
        found = encoder(some, [rectified])[rectified]
        student.heads[rectified].copy_(fitted(_channels_first(found), target))


def spanning(gram: Tensor, count: int) -> Tensor:
    """Choose the channels from which the others are best predicted.

    It takes the channel that explains most of all others, removes what this channel explains, and
    repeats that: a Cholesky decomposition with pivots.

    Args:
        gram: (C, C), second moments of all channels.
    """
    left = gram.cpu().double()  # Metal has no float64
    chosen: list[int] = []
    floor = 1e-9 * left.diagonal().mean()
    for _ in range(count):
        explained = left.square().sum(0) / left.diagonal().clamp_min(floor)
        explained[chosen] = -1
        best = int(explained.argmax())
        column = left[:, best]
        left = left - torch.outer(column, column) / left[best, best].clamp_min(floor)
        chosen.append(best)
    return torch.tensor(sorted(chosen), device=gram.device)


def fitted(found: Tensor, target: Tensor) -> Tensor:
    """Fit W by least squares so that W found, with found (c, P), is close to the target, (C, P)."""
    gram, cross = (found @ found.mT).cpu().double(), (target @ found.mT).cpu().double()
    ridge = RIDGE * gram.diagonal().mean() * torch.eye(len(gram))
    solution: Tensor = torch.linalg.solve(gram + ridge, cross.mT).mT.float()
    return solution.to(found.device)


def _patches(encoder: VGG, k: int, image: Tensor) -> Tensor:
    """Collect what the k-th module, a convolution, sees at each position, and a 1 for the bias.

    Returns:
        (9 C + 1, P).
    """
    if k == 0:
        seen, mode = image, "replicate"
    else:
        before = encoder.layer_names[k - 1]
        seen, mode = encoder(image, [before])[before], "constant"
    patches = F.unfold(F.pad(seen, (1,) * 4, mode=mode), 3).transpose(0, 1).flatten(1)
    return torch.cat([patches, torch.ones_like(patches[:1])])


def _channels_first(features: Tensor) -> Tensor:
    """Reshape (N, C, H, W) to (C, N H W), in float32."""
    return features.float().transpose(0, 1).flatten(1)
