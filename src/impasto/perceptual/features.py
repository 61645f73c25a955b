"""Extract features with reflection padding, whole or in tiles."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import product
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from impasto.networks.encoder import Encoder
from impasto.perceptual.tiles import Span, plan

PADDING = 8
"""Pixels of reflection padding: one cell of the encoder's fourth stage."""

Measure = TypeVar("Measure")
"""What a tile contributes to the measure of a picture; it supports `+`."""


@dataclass(frozen=True)
class FeatureTile:
    """The features of a picture, or of one tile of it.

    Attributes:
        features: of each layer, (1, C, h, w), without the surroundings of the tile.
        places: of each layer, their rows and columns among the features of the whole picture.
    """

    features: dict[str, Tensor]
    places: dict[str, tuple[slice, slice]]


class FeatureExtractor:
    """Extracts features of pictures with a perceptual encoder.

    Zero padding makes an optimization produce bright or dotted borders. So a picture is padded by
    reflection first, and the features of the padding are cropped.

    Args:
        encoder: frozen.
        layers: to extract.
        tile: side in pixels of the tiles in which to extract features; None for the whole picture.
        recompute: see `Encoder`.
    """

    def __init__(
        self,
        encoder: Encoder,
        layers: Sequence[str],
        *,
        tile: int | None = None,
        recompute: bool = False,
    ) -> None:
        self._encoder = encoder
        self._layers = layers
        self._tile = tile
        self._recompute = recompute
        self._strides = {layer: encoder.stride(layer) for layer in layers}

    def total(self, image: Tensor, measure: Callable[[FeatureTile], Measure]) -> Measure:
        """Sum `measure` over the tiles of an image.

        Differentiable. Features of tiles are not kept for the gradient but computed again (Chen et
        al. 2016, arXiv 1604.06174). The gradient of the sum is then known, so each tile yields its
        part of the whole picture's gradient, in the memory of one tile.

        Args:
            image: (1, 3, H, W) in [0, 1].
        """
        framed = _PaddedImage.of(image)
        looks = [partial(self._look, framed, *tile) for tile in self._tiles(framed)]
        if len(looks) == 1:
            return measure(looks[0]())
        measures = (
            checkpoint(_measured, look, measure, use_reentrant=False, preserve_rng_state=False)
            for look in looks
        )
        whole: Measure = reduce(operator.add, measures)
        return whole

    @torch.no_grad()
    def features(self, image: Tensor) -> dict[str, Tensor]:
        """Compute each layer of the whole image, (1, C, h, w), without gradient."""
        framed = _PaddedImage.of(image)
        whole: dict[str, Tensor] = {}
        for spans in self._tiles(framed):
            tile = self._look(framed, *spans)
            for layer, part in tile.features.items():
                if layer not in whole:
                    size = framed.size(self._strides[layer])
                    whole[layer] = part.new_empty((1, part.shape[1], *size))
                rows, columns = tile.places[layer]
                whole[layer][..., rows, columns] = part
        return whole

    def downsample_mask(self, mask: Tensor) -> dict[str, Tensor]:
        """Average a picture's mask (1, 1, H, W) over the cells of each layer, (h, w).

        Pixels beyond the last whole cells belong to these.
        """
        framed = _PaddedImage.of(mask)
        area = replace(framed, pixels=torch.ones_like(framed.pixels))
        return {
            layer: framed.sums(stride) / area.sums(stride)
            for layer, stride in self._strides.items()
        }

    def sizes(self, image: Tensor) -> dict[str, tuple[int, int]]:
        """Compute the size (h, w) of each layer of an image (1, 3, H, W), without the padding."""
        framed = _PaddedImage.of(image)
        return {layer: framed.size(stride) for layer, stride in self._strides.items()}

    def _tiles(self, framed: "_PaddedImage") -> list[tuple[Span, Span]]:
        stride, reach = max(self._strides.values()), self._encoder.receptive_radius(self._layers)
        height, width = framed.pixels.shape[-2:]
        rows = plan(height, self._tile, stride=stride, reach=reach)
        columns = plan(width, self._tile, stride=stride, reach=reach)
        return list(product(rows, columns))

    def _look(self, framed: "_PaddedImage", rows: Span, columns: Span) -> FeatureTile:
        shown = framed.pixels[..., rows.first : rows.last, columns.first : columns.last]
        features = self._encoder(shown, self._layers, recompute=self._recompute)
        cropped, places = {}, {}
        for layer, stride in self._strides.items():
            down, across = framed.seen(rows, columns, stride)
            top, left = rows.first // stride, columns.first // stride
            cropped[layer] = crop(features[layer], _moved(down, -top), _moved(across, -left))
            cut = framed.cut(stride)
            places[layer] = (_moved(down, -cut), _moved(across, -cut))
        return FeatureTile(cropped, places)


@dataclass(frozen=True)
class _PaddedImage:
    """A picture padded by reflection.

    Attributes:
        pixels: (1, C, H + 2 frame, W + 2 frame).
        frame: pixels of padding, at most what the size of the picture allows.
    """

    pixels: Tensor
    frame: int

    @classmethod
    def of(cls, image: Tensor) -> "_PaddedImage":
        frame = min(PADDING, image.shape[-2] - 1, image.shape[-1] - 1)
        return cls(F.pad(image, (frame,) * 4, mode="reflect"), frame)

    def cut(self, stride: int) -> int:
        """Count the cells of a layer along each side that show the padding."""
        width = self.pixels.shape[-1]
        return round(self.frame * (width // stride) / width)

    def size(self, stride: int) -> tuple[int, int]:
        """Compute the size (h, w) of a layer without those cells."""
        height, width = self.pixels.shape[-2:]
        cut = self.cut(stride)
        return height // stride - 2 * cut, width // stride - 2 * cut

    def sums(self, stride: int) -> Tensor:
        """Sum (1, 1, H, W) over a layer's cells, (h, w).

        The rest of the picture below and to the right counts with the last cells, without the
        padding.
        """
        cut = self.cut(stride)
        height, width = self.size(stride)
        picture = self.pixels[..., : -self.frame or None, : -self.frame or None]
        sums = F.avg_pool2d(picture, stride, ceil_mode=True, divisor_override=1)
        cells = sums[0, 0, cut:, cut:]
        cells = torch.cat([cells[: height - 1], cells[height - 1 :].sum(0, keepdim=True)])
        last = cells[:, width - 1 :].sum(1, keepdim=True)
        return torch.cat([cells[:, : width - 1], last], 1)

    def seen(self, rows: Span, columns: Span, stride: int) -> tuple[slice, slice]:
        """Find the cells of a layer that belong to a tile and show the picture.

        Their numbers include the cells of the padding.
        """
        cut = self.cut(stride)
        found = []
        for span, size in zip((rows, columns), self.size(stride), strict=True):
            begin = min(max(span.start // stride, cut), cut + size)
            end = min(max(span.stop // stride, begin), cut + size)
            found.append(slice(begin, end))
        return found[0], found[1]


def crop(features: Tensor, rows: slice, columns: slice) -> Tensor:
    """Cut a rectangle out of (1, C, h, w) features."""
    if (rows.start, columns.start) == (0, 0) and features.shape[2:] == (rows.stop, columns.stop):
        return features
    cropped: Tensor = _Crop.apply(features, rows, columns)  # type: ignore[no-untyped-call]
    return cropped


class _Crop(torch.autograd.Function):
    """features[..., rows, columns], with a gradient that has channels last if the features do.

    That of a slice has them first, and to add it to the next layer's gradient, whose channels
    come last, takes longer than a convolution.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, rows: slice, columns: slice) -> Tensor:
        ctx.place = (..., rows, columns)
        ctx.like = torch.empty_like(features, device="meta")
        return features[ctx.place]

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        gradient = torch.zeros_like(ctx.like, device=upstream[0].device)
        gradient[ctx.place] = upstream[0]
        return gradient, None, None


def _measured(
    look: Callable[[], FeatureTile], measure: Callable[[FeatureTile], Measure]
) -> Measure:
    return measure(look())


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)
