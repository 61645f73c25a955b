"""The convolutional part of VGG-16 and VGG-19, with layers named as in the style transfer papers.

Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
ICLR 2015, table 1, columns D and E. The state dict has torchvision's keys (`features.0.weight`
and so on), so the official files load as they are.
"""

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from itertools import groupby
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from impasto.errors import SettingError

Depth = Literal[16, 19]
Pooling = Literal["max", "average"]
Padding = Literal["zero", "replicate"]
Widths = tuple[int, int, int, int, int]

WIDTHS: Widths = (64, 128, 256, 512, 512)
"""Channels of the five stages, as published."""

_STAGES = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""Convolutions in each of the five stages, by depth."""

# The statistics of ImageNet in RGB, in [0, 1], that torchvision's weights were trained with.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


def layer_names(depth: Depth) -> tuple[str, ...]:
    """List the layers of VGG-16 or VGG-19, from `conv1_1` to `pool5`.

    The position of a name is the layer's index in torchvision's `features`.
    """
    names: list[str] = []
    for stage, convolutions in enumerate(_STAGES[depth], start=1):
        for number in range(1, convolutions + 1):
            names += [f"conv{stage}_{number}", f"relu{stage}_{number}"]
        names.append(f"pool{stage}")
    return tuple(names)


class VGG(nn.Module):
    """VGG's convolutional part, with random weights until `networks.encoders` loads some.

    Args:
        depth: 16 or 19.
        pooling: "max" is what the published weights were trained with. "average" gives smoother
            pictures (Gatys, Ecker, Bethge 2016, section 2). Averages are weaker than maxima, so
            they are doubled, which keeps deep features about as large as the weights expect:
            the factor of Katherine Crowson's style-transfer-pytorch, not in the paper.
        first_padding: how the first convolution continues the picture past its border. "zero" is
            as trained. "replicate" repeats the border pixels, which spares the result a frame
            of odd colours; also after style-transfer-pytorch.
        widths: channels of the five stages.
        last: the deepest layer to build; all of them by default.

    Raises:
        SettingError: depth, pooling, first_padding or last is not one of those listed.
    """

    def __init__(
        self,
        depth: Depth,
        *,
        pooling: Pooling = "max",
        first_padding: Padding = "zero",
        widths: Widths = WIDTHS,
        last: str = "pool5",
    ) -> None:
        super().__init__()
        _check_word("depth", depth, get_args(Depth))
        _check_word("pooling", pooling, get_args(Pooling))
        _check_word("first_padding", first_padding, get_args(Padding))
        names = layer_names(depth)
        self._layer_names = names[: _position(last, names) + 1]
        self._precision: torch.dtype | None = None
        self.features = nn.Sequential()
        channels = 3
        for name in self._layer_names:
            if name.startswith("conv"):
                width = widths[_stage(name) - 1]
                padding = first_padding if name == "conv1_1" else "zero"
                self.features.append(_convolution(channels, width, padding))
                channels = width
            elif name.startswith("relu"):
                self.features.append(nn.ReLU())
            else:
                self.features.append(_pool(pooling))
        # Not in the state dict, which has torchvision's keys.
        self.register_buffer("_mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("_deviation", torch.tensor(_DEVIATION).view(3, 1, 1), persistent=False)
        self._mean: Tensor
        self._deviation: Tensor

    def compute_in(self, dtype: torch.dtype) -> "VGG":
        """Let all convolutions but the first compute in `dtype`; features are of that type.

        The first one gets pixels, which bfloat16 would reduce to 8 bits; it is a two-hundredth of
        the work.
        """
        self.features[1:].to(dtype)
        self._precision = dtype
        return self

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers of this network, from shallow to deep."""
        return self._layer_names

    def minimum_side(self, layers: Collection[str]) -> int:
        """Compute the smallest side of a picture, in pixels, for the deepest of `layers`.

        Raises:
            SettingError: a layer is unknown.
        """
        pools = sum(name.startswith("pool") for name in self._path(layers))
        return int(2**pools)

    def stride(self, layer: str) -> int:
        """Compute the pixels between two positions of a layer.

        Raises:
            SettingError: the layer is unknown.
        """
        return self.minimum_side([layer])

    def receptive_radius(self, layers: Collection[str]) -> int:
        """Compute the radius in pixels of the receptive field of `layers`, beyond their stride.

        A 3 x 3 convolution adds one position, which is its layer's stride in pixels; a pool adds
        nothing.

        Raises:
            SettingError: a layer is unknown.
        """
        path = self._path(layers)
        return sum(self.stride(name) for name in path if name.startswith("conv"))

    def values_per_pixel(self, layers: Collection[str]) -> float:
        """Count the values of convolutions per pixel, up to the deepest of `layers`.

        Raises:
            SettingError: a layer is unknown.
        """
        named = zip(self._path(layers), self.features, strict=False)
        return sum(
            layer.out_channels / self.stride(name) ** 2
            for name, layer in named
            if isinstance(layer, nn.Conv2d)
        )

    def forward(
        self, image: Tensor, layers: Collection[str], *, recompute: bool = False
    ) -> dict[str, Tensor]:
        """Compute the features of `layers` in one pass that stops at the deepest of them.

        Args:
            image: (N, 3, H, W), RGB, sRGB-encoded, in [0, 1]; ImageNet's statistics are
                subtracted and divided out here.
            layers: any of `layer_names`.
            recompute: keep only the input of each stage, and recompute the rest for gradients:
                the same values in less memory and a third more time. Chen et al.,
                "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174.

        Returns:
            Each layer, from shallow to deep: (N, C, H / 2^p, W / 2^p), rounded down after each of
            the p pools up to and including the layer.

        Raises:
            SettingError: a layer is unknown, or the image is too small for the deepest.
        """
        path = self._path(layers)
        self._check_size(image, path)
        features: dict[str, Tensor] = {}
        # Not part of the weights: only after this, zero padding is the mean colour.
        x = (image - self._mean) / self._deviation
        for stage in self._stages(path):
            if recompute:
                x, stage_features = checkpoint(
                    self._pass_stage, x, stage, layers, use_reentrant=False
                )
            else:
                x, stage_features = self._pass_stage(x, stage, layers)
            features.update(stage_features)
        return features

    def _pass_stage(
        self, x: Tensor, stage: list[tuple[str, nn.Module]], layers: Collection[str]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Pass `x` through a stage; return its output and its features of `layers`."""
        features: dict[str, Tensor] = {}
        for name, layer in stage:
            if isinstance(layer, nn.Conv2d):
                # A convolution that is asked for must not be rectified in place.
                x = _convolve(x, layer, self._precision, rectify=name not in layers)
            elif name.startswith("relu"):
                x = F.relu(x) if name.replace("relu", "conv") in layers else x
            else:
                x = layer(x)
            if name in layers:
                features[name] = x
        return x, features

    def _stages(self, path: tuple[str, ...]) -> Iterator[list[tuple[str, nn.Module]]]:
        """Group the layers on `path` by stage; a stage ends with its pool."""
        named = zip(path, self.features, strict=False)
        for _, stage in groupby(named, key=lambda entry: _stage(entry[0])):
            yield list(stage)

    def _path(self, layers: Collection[str]) -> tuple[str, ...]:
        """List the layers from the first to the deepest of `layers`."""
        positions = [_position(name, self._layer_names) for name in layers]
        return self._layer_names[: max(positions, default=-1) + 1]

    def _check_size(self, image: Tensor, path: tuple[str, ...]) -> None:
        height, width = image.shape[-2:]
        min_side = self.minimum_side(path)
        if min(height, width) < min_side:
            raise SettingError(
                f"{width} x {height} pixels are too small for layer {path[-1]}, which needs "
                f"{min_side} a side; choose a larger size or shallower layers"
            )


def _convolve(x: Tensor, layer: nn.Conv2d, out: torch.dtype | None, *, rectify: bool) -> Tensor:
    """Apply a convolution to features of any precision, and rectify what comes out.

    Args:
        out: the precision of the result; by default the layer's.
    """
    x = x.to(layer.weight.dtype)
    if layer.weight.requires_grad or layer.bias is None or not rectify:
        convolved: Tensor = layer(x)
        convolved = convolved.to(out or convolved.dtype)
        return F.relu(convolved, inplace=True) if rectify else convolved
    padding = layer.padding[0]
    if layer.padding_mode == "replicate":
        x, padding = F.pad(x, (1,) * 4, mode="replicate"), 0
    frozen = layer.weight, layer.bias, padding, out or x.dtype
    return _rectified_convolution(x, *frozen)


class _FrozenConvolution(torch.autograd.Function):
    """relu(conv(x)) with a kernel that does not learn, in one step there and one back."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, padding: int, out: torch.dtype
    ) -> Tensor:
        features = F.conv2d(x, weight, bias, padding=padding).to(out).relu_()
        ctx.save_for_backward(x, weight, features)
        ctx.padding = padding
        return features

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, features = ctx.saved_tensors
        gradient = torch.ops.aten.threshold_backward(upstream[0], features, 0).to(x.dtype)
        pads = [ctx.padding] * 2
        towards_x: Tensor = torch.ops.aten.convolution_backward(
            gradient, x, weight, None, [1, 1], pads, [1, 1], False, [0, 0], 1, [True, False, False]
        )[0]
        return towards_x, None, None, None, None


_rectified_convolution: Callable[..., Tensor] = _FrozenConvolution.apply


def _convolution(channels: int, width: int, padding: Padding) -> nn.Conv2d:
    if padding == "replicate":
        return nn.Conv2d(channels, width, kernel_size=3, padding=1, padding_mode="replicate")
    return nn.Conv2d(channels, width, kernel_size=3, padding=1)


def _pool(pooling: Pooling) -> nn.Module:
    if pooling == "max":
        return nn.MaxPool2d(2)
    # Four values summed and halved: twice their average, without a second pass over memory.
    return nn.AvgPool2d(2, divisor_override=2)


def _stage(name: str) -> int:
    """Read the stage from a layer's name: `conv4_1` is in stage 4."""
    return int(name[4])


def _check_word(setting: str, value: object, words: tuple[object, ...]) -> None:
    if value not in words:
        raise SettingError(f"{setting} is {value!r}; it can be {' or '.join(map(repr, words))}")


def _position(name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        near = get_close_matches(name, names) or [names[0], "...", names[-1]]
        raise SettingError(f"unknown layer {name!r}; did you mean {', '.join(near)}?")
    return names.index(name)
