"""Gatys, Ecker, Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.

One deliberate deviation: Adam takes the steps instead of L-BFGS, as in impasto, so that an
iteration of the one is an iteration of the other.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.pictures import PHOTO, STYLE, planes, square
from benchmarks.reference import vgg

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE_WEIGHT = 1e3


def iteration(side: int) -> Callable[[], None]:
    """Make a function that takes one step on a picture of (side, side) pixels."""
    content, style = (torch.from_numpy(planes(square(f, side))) for f in (PHOTO, STYLE))
    network = nn.ModuleDict(vgg.layers("relu5_1")).requires_grad_(False)
    with torch.no_grad():
        target = features(network, content)[CONTENT_LAYER]
        seen = features(network, style)
        grams = {layer: gram(seen[layer]) for layer in STYLE_LAYERS}
    image = content.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([image], lr=0.01)

    def step() -> None:
        optimizer.zero_grad()
        found = features(network, image)
        content_loss = F.mse_loss(found[CONTENT_LAYER], target)  # eq. 1
        style_loss = sum(F.mse_loss(gram(found[name]), grams[name]) for name in STYLE_LAYERS)  # 5
        (content_loss + STYLE_WEIGHT * style_loss).backward()  # eq. 7
        optimizer.step()

    return step


def features(network: nn.ModuleDict, image: Tensor) -> dict[str, Tensor]:
    """Compute the layers that the losses look at, each (1, C, h, w)."""
    found = {}
    for name, layer in network.items():
        image = layer(image)
        if name in (CONTENT_LAYER, *STYLE_LAYERS):
            found[name] = image
    return found


def gram(features: Tensor) -> Tensor:
    """G[i, j] = sum over positions k of F[i, k] F[j, k] (eq. 3), divided by their number."""
    _, channels, height, width = features.shape
    flat = features.view(channels, height * width)
    return flat @ flat.T / (height * width)
