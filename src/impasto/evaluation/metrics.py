"""Two numbers for a painting: how far it is from its photo, and how far from its style."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.perceptual.losses import ContentLoss
from impasto.perceptual.statistics import gram

CONTENT_LAYER = "relu4_1"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")

Judge = Callable[[Tensor, Sequence[str]], dict[str, Tensor]]
"""An encoder: features by layer of (N, 3, H, W) in [0, 1]."""


class Distances(NamedTuple):
    """Distances of one painting; smaller is closer, 0 is equal.

    The photo itself has content 0, and the style picture style 0.
    """

    content: float
    style: float


@torch.no_grad()
def distances(judge: Judge, painting: Tensor, photo: Tensor, style: Tensor) -> Distances:
    """Measure how far a painting is from its photo and from its style.

    Content: half the mean squared difference of relu4_1. Each picture's channels are normalised to
    mean 0 and deviation 1 first, so that a change of palette does not count. Two pictures with
    uncorrelated features are at distance 1.
    Style: relative Frobenius distance of Gram matrices |G - G_s| / |G_s|, averaged over
    relu1_1 .. relu4_1 (Gatys, Ecker, Bethge 2015, eq. 4, made relative).

    Args:
        judge: preferably not a network that the painter was trained with.
        painting: (1, 3, H, W) in [0, 1].
        photo: the same size.
        style: (1, 3, h, w), of about the painting's resolution.
    """
    painting_features, style_features = judge(painting, STYLE_LAYERS), judge(style, STYLE_LAYERS)
    photo_features = judge(photo, (CONTENT_LAYER,))[CONTENT_LAYER]
    content = (
        ContentLoss(F.instance_norm(photo_features))(
            F.instance_norm(painting_features[CONTENT_LAYER])
        )
        / 2
    )
    styles = []
    for layer in STYLE_LAYERS:
        target = gram(style_features[layer])
        styles.append((gram(painting_features[layer]) - target).norm() / target.norm())
    return Distances(float(content), float(torch.stack(styles).mean()))
