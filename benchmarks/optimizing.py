"""The work of `impasto optimize`: an iteration, with forward, losses, backward and step.

VGG-19 has random weights, which take the same time and need no download.
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
from impasto.optimization.optimizer import PyramidAdam
from impasto.optimization.regions import StylePicture
from impasto.scene import Region
from impasto.settings import OptimizeSettings


def iteration(side: int, *, encoder: str, **words: object) -> Callable[[], None]:
    """Make a function that takes one step on a picture of (side, side) pixels.

    Args:
        encoder: "compact", "vgg16" or "vgg19".
        words: fields of `OptimizeSettings`.
    """
    settings = OptimizeSettings(**words)
    content, style = (torch.from_numpy(planes(square(f, side))) for f in (PHOTO, STYLE))
    network = load(encoder).compute_in(precision(settings.precision, torch.device("cpu")))
    objective = build(
        network, content, [Region(None, [StylePicture(style)])], settings, settings.tile
    )
    image = content.clone().requires_grad_(True)
    optimizer = PyramidAdam(image)

    def closure() -> torch.Tensor:
        total, _ = objective(image)
        (image.grad,) = torch.autograd.grad(total, image)
        return total

    return lambda: optimizer.step(closure)


def load(encoder: str) -> VGG:
    if encoder != "vgg19":
        return encoders.load(encoder, first_padding="replicate")
    network = VGG(19, first_padding="replicate", last="relu5_1")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
