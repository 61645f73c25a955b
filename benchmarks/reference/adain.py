"""AdaIN: Huang, Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization", ICCV 2017, arXiv 1703.06868.

    python -m benchmarks.reference.adain PHOTO STYLE OUTPUT
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from benchmarks.pictures import PHOTO, STYLE, planes, square
from benchmarks.reference import vgg


class AdaIN:
    """T(c, s) = g(AdaIN(f(c), f(s))) (eq. 9 and 10).

    Attributes:
        encoder: f, VGG-19 up to relu4_1; it and the decoder g pad by reflection (section 6.1).
    """

    def __init__(self) -> None:
        self.encoder = nn.Sequential(*(layer for _, layer in vgg.layers("relu4_1", "reflect")))
        self._decoder = _mirrored(self.encoder)

    @torch.inference_mode()
    def style(self, picture: Tensor) -> Tensor:
        """f(s) of a picture (1, 3, H, W)."""
        return self.encoder(picture)

    @torch.inference_mode()
    def paint(self, photo: Tensor, style: Tensor) -> Tensor:
        """(1, 3, H, W) of a photo of that shape and the features of a style."""
        return self._decoder(adain(self.encoder(photo), style))


def adain(content: Tensor, style: Tensor) -> Tensor:
    """sigma(y) (x - mu(x)) / sigma(x) + mu(y) (eq. 8), features (1, C, h, w)."""
    deviation, mean = torch.std_mean(content, (2, 3), keepdim=True)
    style_deviation, style_mean = torch.std_mean(style, (2, 3), keepdim=True)
    return style_deviation * (content - mean) / (deviation + 1e-5) + style_mean


def _mirrored(encoder: nn.Sequential) -> nn.Sequential:
    """Build the encoder backwards, its pools replaced by nearest up-sampling (section 6.1)."""
    found: list[nn.Module] = []
    for layer in reversed(encoder):
        if isinstance(layer, nn.Conv2d):
            found += [vgg.convolution(layer.out_channels, layer.in_channels, "reflect"), nn.ReLU()]
        elif isinstance(layer, nn.MaxPool2d):
            found.append(nn.Upsample(scale_factor=2, mode="nearest"))
    return nn.Sequential(*found[:-1])  # the last convolution gives pixels, not features


def one_pass(side: int) -> Callable[[], object]:
    """As `stylizing.one_pass`."""
    network = AdaIN()
    photo = torch.from_numpy(planes(square(PHOTO, side)))
    style = network.style(_sample_style(min(side, 512)))
    return lambda: network.paint(photo, style)


def style(side: int) -> Callable[[], object]:
    """As `stylizing.style`."""
    network, picture = AdaIN(), _sample_style(side)
    return lambda: network.style(picture)


def main() -> None:
    photo, style, output = map(Path, sys.argv[1:])
    network = AdaIN()
    painted = network.paint(_read(photo), network.style(_read(style)))
    pixels = painted[0].permute(1, 2, 0).clamp(0, 1).mul(255).byte().numpy()
    Image.fromarray(pixels).save(output)


def _sample_style(side: int) -> Tensor:
    return torch.from_numpy(planes(square(STYLE, side)))


def _read(path: Path) -> Tensor:
    with Image.open(path) as picture:
        return torch.from_numpy(planes(picture))


if __name__ == "__main__":
    main()
