"""Teachers: encoders from which others learn, or which judge paintings."""

from collections.abc import Collection
from pathlib import Path
from typing import cast

import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from impasto.errors import InputError, WeightsError
from impasto.networks import encoders
from impasto.networks.encoders import EncoderName
from impasto.networks.reading import load_into
from impasto.system.paths import display_path

WIDTHS = (16, 32, 64, 128, 128)
BLOCKS = (2, 2, 4, 4, 1)


class CollaborativeEncoder(nn.Module):
    """VGG-19 to relu5_1 in a sixteenth of its parameters, by collaborative distillation.

    Wang et al., "Collaborative Distillation for Ultra-Resolution Universal Style Transfer",
    CVPR 2020. A 1x1 convolution turns RGB in [0, 1] into the Caffe VGG's input; every 3x3
    convolution is preceded by reflection padding.

    `forward` maps (N, 3, H, W) to the features of layers named as in VGG-19.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 3, 1)
        channels = 3
        for stage, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS, strict=True), start=1):
            for block in range(1, blocks + 1):
                self.add_module(f"conv{stage}{block}", nn.Conv2d(channels, width, 3))
                channels = width

    def forward(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute the features of `layers`, in one pass."""
        features: dict[str, Tensor] = {}
        x = self.conv0(image)
        for stage, blocks in enumerate(BLOCKS, start=1):
            if stage > 1:
                x = F.max_pool2d(x, 2)
            for block in range(1, blocks + 1):
                convolution = self.get_submodule(f"conv{stage}{block}")
                x = F.relu(convolution(F.pad(x, (1, 1, 1, 1), mode="reflect")))
                if (name := f"relu{stage}_{block}") in layers:
                    features[name] = x
        return features


def teacher(source: str) -> nn.Module:
    """Load a frozen teacher.

    Args:
        source: the name of an encoder in the registry, or the path of a safetensors file:
            `features.*` keys are VGG-19's, `conv11.*` keys those of the collaborative encoder.

    Raises:
        InputError: there is no such file.
        WeightsError: the file is damaged, or holds another network.
    """
    if source in encoders.ENCODERS:
        return encoders.load(cast(EncoderName, source))
    file = Path(source)
    if not file.is_file():
        raise InputError(
            f"{display_path(file)}: no such teacher; give a safetensors file, or one of: "
            + ", ".join(encoders.ENCODERS)
        )
    if file.suffix != ".safetensors" or not _has_key(file, "conv11.weight"):
        return encoders.load("vgg19", weights=file)
    network = CollaborativeEncoder()
    load_into(network, file)
    return network.requires_grad_(False).eval()


def _has_key(file: Path, key: str) -> bool:
    try:
        with safe_open(file, framework="pt") as opened:
            return key in opened.keys()  # noqa: SIM118 - the handle is no mapping
    except Exception as problem:
        raise WeightsError(f"{display_path(file)}: not a safetensors file ({problem})") from None
