"""The work of `impasto optimize`: an iteration, that is forward, losses, backward and Adam's step.

VGG-16 and VGG-19 have random weights, which take the same time and need no download.
"""

# ruff: noqa: E402
from collections.abc import Callable

from impasto.system.extras import require

# As `impasto optimize` does: it sets how threads wait, which PyTorch reads when it is loaded.
require("optimization", "torch", "torch")

import torch
from torch import nn

from benchmarks.pictures import PHOTO, STYLE, planes, square
from impasto.networks import encoders
from impasto.networks.device import precision
from impasto.networks.vgg import VGG
from impasto.optimization.objective import build
from impasto.optimization.regions import Region, StylePicture
from impasto.settings import OptimizeSettings

DEPTHS = {"vgg16": 16, "vgg19": 19}


def iteration(side: int, *, encoder: str, **words: object) -> Callable[[], None]:
    """Make a function that takes one step on a picture of (side, side) pixels.

    Args:
        encoder: "compact", "vgg16" or "vgg19".
        words: fields of `OptimizeSettings`.
    """
    settings = OptimizeSettings(**words)
    content, style = (torch.from_numpy(planes(square(f, side))) for f in (PHOTO, STYLE))
    network = load(encoder).compute_in(precision(settings.precision, torch.device("cpu")))
    objective = build(network, content, [Region([StylePicture(style)])], settings, settings.tile)
    image = content.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([image], lr=0.01)

    def step() -> None:
        total, _ = objective(image)
        (image.grad,) = torch.autograd.grad(total, image)
        optimizer.step()

    return step


def load(encoder: str) -> VGG:
    if encoder == "compact":
        return encoders.load("compact")
    network = VGG(DEPTHS[encoder], first_padding="replicate", last="relu5_1")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
