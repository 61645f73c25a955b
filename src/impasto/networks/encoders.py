"""The registry of perceptual encoders, and their loading.

    encoder = encoders.load("vgg16")
    features = encoder(image, ["relu3_1", "relu4_2"])

PyTorch is imported only when an encoder is loaded, so that listing them is fast.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from impasto.errors import SettingError
from impasto.networks import downloads
from impasto.networks.downloads import Progress
from impasto.networks.reading import load as read
from impasto.networks.reading import load_into

if TYPE_CHECKING:
    from impasto.networks.vgg import VGG, Depth, Padding, Pooling, Widths

EncoderName = Literal["compact", "vgg16", "vgg19"]


@dataclass(frozen=True)
class EncoderSpec:
    """The description of an encoder before it is loaded.

    Attributes:
        purpose: in one line.
        depth: of the VGG whose layers it has: 16 or 19.
        widths: channels of the five stages.
        last: the deepest layer of its default weights.
        cost: thousands of multiplications per pixel up to relu4_1.
        asset: the file in `impasto.assets`; None for one that is downloaded at its first use.
        sha256: of the file of its default weights.
        licence: of these weights.
        pads_with_zeros: whether its first layer can pad with zeros.
    """

    purpose: str
    depth: Depth
    widths: Widths
    last: str
    cost: float
    asset: str | None
    sha256: str
    licence: str
    pads_with_zeros: bool = True

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that its default weights have, from shallow to deep."""
        from impasto.networks.vgg import layer_names

        names = layer_names(self.depth)
        return names[: names.index(self.last) + 1]


ENCODERS = {
    "compact": EncoderSpec(
        purpose="the fast encoder: VGG-16's layers with half of their channels",
        depth=16,
        widths=(32, 64, 128, 256, 256),
        last="relu5_1",
        cost=51.6,
        asset="compact.safetensors",
        sha256="5c30f57c3cbd40c695e7a0cb0817fd1bc2398ae790b96f5ea9608cd318a2b287",
        licence="CC BY 4.0",
        pads_with_zeros=False,
    ),
    "vgg16": EncoderSpec(
        purpose="VGG-16, the encoder of Johnson's perceptual loss and of STROTSS",
        depth=16,
        widths=(64, 128, 256, 512, 512),
        last="relu5_1",
        cost=204.5,
        asset="vgg16.safetensors",
        sha256="0e5c31ee05307e99ec9e9ea430d0b357d57527bf9bb97da9559c0c7eb37179cc",
        licence="CC BY 4.0",
    ),
    "vgg19": EncoderSpec(
        purpose="VGG-19, the encoder of Gatys' method and its successors",
        depth=19,
        widths=(64, 128, 256, 512, 512),
        last="pool5",
        cost=241.3,
        asset=None,
        sha256=downloads.OFFICIAL["vgg19"].sha256,
        licence="BSD 3-Clause",
    ),
}


def spec(name: str) -> EncoderSpec:
    """Look up an encoder.

    Raises:
        SettingError: the name is unknown.
    """
    if name not in ENCODERS:
        raise SettingError(f"unknown encoder {name!r}; there are: {', '.join(ENCODERS)}")
    return ENCODERS[name]


def recognize(path: Path) -> EncoderName:
    """Tell the encoder from a file of its weights.

    Raises:
        InputError, WeightsError: as `reading.load`.
    """
    weights = read(path)
    first = weights.get("features.0.weight")
    if first is not None and len(first) == ENCODERS["compact"].widths[0]:
        return "compact"
    # VGG-16 has a pool there.
    return "vgg19" if "features.16.weight" in weights else "vgg16"


def is_sound(name: str) -> bool:
    """Tell whether the shipped file of an encoder is undamaged, by its SHA-256."""
    content = (resources.files("impasto.assets") / str(spec(name).asset)).read_bytes()
    return hashlib.sha256(content).hexdigest() == spec(name).sha256


def load(
    name: EncoderName,
    *,
    weights: Path | None = None,
    pooling: Pooling = "max",
    first_padding: Padding | None = None,
    progress: Progress | None = None,
) -> VGG:
    """Load an encoder: frozen, in evaluation mode, on the CPU.

    Its memory format is channels-last, which is faster for convolutions on the CPU.

    Args:
        name: "compact" and "vgg16" ship with impasto; "vgg19" is downloaded at its first use.
        weights: a file to load instead of the shipped or official one, with torchvision's keys;
            VGG-16 and VGG-19 then have all layers up to pool5.
        pooling: "max" or "average", see `VGG`.
        first_padding: "zero" or "replicate", see `VGG`; by default as in training. The compact
            encoder supports "replicate" only.
        progress: as in `downloads.fetch`.

    Raises:
        SettingError: the name is unknown, or the compact encoder would have to pad with zeros.
        InputError, WeightsError: as `downloads.fetch` and `reading.load_into`.
    """
    import torch

    chosen = spec(name)
    network = _build(name, chosen, weights, pooling, first_padding)
    if weights is None and chosen.asset is None:
        weights = downloads.fetch(name, progress=progress)
    if weights is not None:
        load_into(network, weights)
    else:
        with resources.as_file(resources.files("impasto.assets") / str(chosen.asset)) as shipped:
            load_into(network, shipped)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch lacks it
    return network.requires_grad_(False).eval()


def _build(
    name: str,
    chosen: EncoderSpec,
    weights: Path | None,
    pooling: Pooling,
    first_padding: Padding | None,
) -> VGG:
    """Build the network with random weights."""
    from impasto.networks import compact
    from impasto.networks.vgg import VGG

    if not chosen.pads_with_zeros:
        if first_padding == "zero":
            raise SettingError(
                f"the {name} encoder pads by replicating; only VGG can pad with zeros"
            )
        return compact.build(pooling=pooling)
    last = chosen.last if weights is None else "pool5"
    return VGG(chosen.depth, pooling=pooling, first_padding=first_padding or "zero", last=last)
