"""The terms of the objective, each with its targets computed once.

A term computes its loss from the picture and from sums over the tiles of its features (`measure`).
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.optimization.regions import StylePicture, share, statistics_within
from impasto.perceptual.features import FeatureExtractor, FeatureTile
from impasto.perceptual.losses import (
    ContentLoss,
    GramLoss,
    PaletteLoss,
    SelfSimilarityLoss,
    ToneLoss,
    TotalVariationLoss,
    WassersteinLoss,
)
from impasto.perceptual.statistics import Statistics, mixture
from impasto.scene import Region

Measured = list[Any]
"""What a term measures in a tile: tensors or statistics, which `+` sums over tiles."""

STYLE_LOSSES: dict[str, type[GramLoss | WassersteinLoss]] = {
    "gram": GramLoss,
    "wasserstein": WassersteinLoss,
}

STRUCTURE_POSITIONS = 768
"""Positions whose relations are compared; the cost grows with the square of their number."""

PALETTE_SIDE = 64
"""Long side in pixels to which pictures are reduced before their colours are compared."""

TONE_CELLS = 24
"""Windows along the long side in which the tone is averaged."""


class Term(Protocol):
    """A part of the objective.

    Attributes:
        name: of its loss.
        weight: of its loss.
        layers: whose features it needs.
    """

    name: str
    weight: float
    layers: tuple[str, ...]

    def measure(self, tile: FeatureTile) -> Measured:
        """Measure the contribution of a tile."""

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Compute the loss, a scalar, of (1, 3, H, W) and of the sums over its tiles."""


class Content:
    """Distance to the features of a picture, mean over layers; see `ContentLoss`."""

    name = "content"

    def __init__(
        self, extractor: FeatureExtractor, layers: Sequence[str], target: Tensor, weight: float
    ) -> None:
        self.layers = tuple(layers)
        self.weight = weight
        features = extractor.features(target)
        self._losses = {layer: ContentLoss(features[layer]) for layer in self.layers}

    def measure(self, tile: FeatureTile) -> Measured:
        """Measure the losses of the tile."""
        return [loss(tile.features[k], tile.places[k]) for k, loss in self._losses.items()]

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Average the losses over layers."""
        return torch.stack(measured).mean()


class Structure:
    """Distance between the self-similarities of two pictures at one layer.

    See `SelfSimilarityLoss`; the positions are random, but always the same.
    """

    name = "structure"

    def __init__(
        self, extractor: FeatureExtractor, layer: str, target: Tensor, weight: float
    ) -> None:
        self.layers: tuple[str, ...] = (layer,)
        self.weight = weight
        features = extractor.features(target)[layer]
        self._width = features.shape[3]
        count = features.shape[2] * self._width
        generator = torch.Generator().manual_seed(0)
        chosen = torch.randperm(count, generator=generator)[:STRUCTURE_POSITIONS]
        self._positions = chosen.sort().values.to(target.device)
        self._loss = SelfSimilarityLoss(features[0].flatten(1)[:, self._positions])

    def measure(self, tile: FeatureTile) -> Measured:
        """Collect the features at the positions in the tile, and zeros for the others."""
        features = tile.features[self.layers[0]][0]
        rows, columns = tile.places[self.layers[0]]
        row = self._positions // self._width - rows.start
        column = self._positions % self._width - columns.start
        height, width = features.shape[1:]
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        if inside.all():
            return [features[:, row, column]]
        clamped = features[:, row.clamp(0, height - 1), column.clamp(0, width - 1)]
        return [torch.where(inside, clamped, 0)]

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Compare the relations."""
        return self._loss(measured[0])


class Style:
    """Distance between the statistics of features: the regions' losses, by their shares.

    A region's share is the fraction of the picture that it covers, so that a small one does not
    distort the whole picture. Its weight, the fraction of the strength, is squared.
    """

    name = "style"

    def __init__(
        self,
        extractor: FeatureExtractor,
        layers: Sequence[str],
        regions: Sequence[Region],
        image: Tensor,
        *,
        weight: float,
        layer_weights: Sequence[float],
        loss: str,
    ) -> None:
        self.layers = tuple(layers)
        self.weight = weight
        self._layer_weights = [weight / sum(layer_weights) for weight in layer_weights]
        self._shares = [share(region) * region.weight**2 for region in regions]
        kind = STYLE_LOSSES[loss]
        targets = [_style_targets(extractor, self.layers, region.style) for region in regions]
        self._losses = [[kind(target) for target in layers] for layers in targets]
        self._within = [statistics_within(extractor, self.layers, image, r.mask) for r in regions]

    def measure(self, tile: FeatureTile) -> Measured:
        """Measure the tile's contribution to the statistics of each region and layer."""
        return [statistics for within in self._within for statistics in within(tile)]

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Sum up the losses."""
        statistics = iter(measured)
        losses = [
            covered * weight * loss(next(statistics))
            for covered, region in zip(self._shares, self._losses, strict=True)
            for weight, loss in zip(self._layer_weights, region, strict=True)
        ]
        return torch.stack(losses).sum()


class _PixelTerm:
    """A term that needs no features."""

    layers: tuple[str, ...] = ()

    def measure(self, tile: FeatureTile) -> Measured:
        """Measure nothing."""
        return []


class Smoothness(_PixelTerm):
    """Total variation, relative to the content's and the styles'; see `TotalVariationLoss`."""

    name = "tv"

    def __init__(self, regions: Sequence[Region], content: Tensor, weight: float) -> None:
        self.weight = weight
        pictures = [(content, 1.0)]
        for region in regions:
            whole = sum(style.weight for style in region.style)
            pictures += [(s.image, share(region) * s.weight / whole) for s in region.style]
        self._loss = TotalVariationLoss(pictures)

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Compare neighbouring pixels."""
        return self._loss(image)


class Palette(_PixelTerm):
    """Distance between the colours of each region and of its styles, by the regions' shares.

    See `PaletteLoss`. Pictures are reduced first: the palette is that of strokes, and sorting all
    pixels of a large picture would take as long as the encoder.
    """

    name = "palette"

    def __init__(self, regions: Sequence[Region], image: Tensor, weight: float) -> None:
        self.weight = weight
        self._cell = _cell(image)
        self._regions = []
        for region in regions:
            inside = None if region.mask is None else _inside(region.mask, self._cell)
            loss = PaletteLoss(_palette(region.style))
            self._regions.append((share(region) * region.weight**2, inside, loss))

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Compare the colours."""
        colours = _averaged(image, self._cell)
        losses = [
            covered * loss(colours if inside is None else colours[:, inside])
            for covered, inside, loss in self._regions
        ]
        return torch.stack(losses).sum()


class Tone(_PixelTerm):
    """Distance of the large areas from a picture's; see `ToneLoss`."""

    name = "tone"

    def __init__(self, target: Tensor, weight: float) -> None:
        self.weight = weight
        self._loss = ToneLoss(target, TONE_CELLS)

    def __call__(self, image: Tensor, measured: Measured) -> Tensor:
        """Compare the areas."""
        return self._loss(image)


@torch.no_grad()
def _style_targets(
    extractor: FeatureExtractor, layers: Sequence[str], styles: Sequence[StylePicture[Tensor]]
) -> list[Statistics]:
    """Average the styles' statistics at each layer with their weights."""
    parts_of_styles = []
    for style in styles:
        within = statistics_within(extractor, layers, style.image, style.mask)
        parts_of_styles.append(extractor.total(style.image, _Summed(within)).values)
    weights = [style.weight for style in styles]
    return [mixture(parts, weights) for parts in zip(*parts_of_styles, strict=True)]


class _Summed:
    """A measure whose values are summed one by one."""

    def __init__(self, measure: Callable[[FeatureTile], Measured]) -> None:
        self._measure = measure

    def __call__(self, tile: FeatureTile) -> "Sums":
        return Sums(self._measure(tile))


class Sums:
    """Values that are summed one by one."""

    def __init__(self, values: Measured) -> None:
        self.values = values

    def __add__(self, other: "Sums") -> "Sums":
        return Sums([a + b for a, b in zip(self.values, other.values, strict=True)])


def _cell(image: Tensor) -> int:
    """Choose the side of the cells over which a picture is averaged for its palette."""
    return max(1, round(max(image.shape[-2:]) / PALETTE_SIDE))


def _averaged(image: Tensor, cell: int) -> Tensor:
    """(3, N) colours of (1, 3, H, W), averaged over square cells."""
    return F.avg_pool2d(image, cell, ceil_mode=True, count_include_pad=False)[0].flatten(1)


def _inside(mask: Tensor, cell: int) -> Tensor:
    """Find the cells that a mask mostly covers, (N,), or all cells if it covers none."""
    covered = _averaged(mask, cell)[0] > 0.5
    return covered if covered.any() else torch.ones_like(covered)


def _palette(styles: Sequence[StylePicture[Tensor]]) -> Tensor:
    """Sample (3, N) colours of several styles in proportion to their weights."""
    whole = sum(style.weight for style in styles)
    colours = []
    for style in styles:
        cell = _cell(style.image)
        pixels = _averaged(style.image, cell)
        if style.mask is not None:
            pixels = pixels[:, _inside(style.mask, cell)]
        count = round(PALETTE_SIDE**2 * style.weight / whole)
        places = torch.linspace(0, pixels.shape[1] - 1, count, device=pixels.device)
        colours.append(pixels[:, places.round().long()])
    return torch.cat(colours, 1)
