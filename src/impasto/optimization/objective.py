"""What the optimization minimises: content, style and smoothness of one picture at one scale."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from impasto.networks.encoder import Encoder
from impasto.optimization.regions import Region, StylePicture, coverage, statistics_within
from impasto.perceptual.features import Sight, View
from impasto.perceptual.losses import ContentLoss, GramLoss, TotalVariationLoss, WassersteinLoss
from impasto.perceptual.statistics import Statistics, mixture
from impasto.settings import OptimizeSettings

STYLE_LOSSES: dict[str, type[GramLoss | WassersteinLoss]] = {
    "gram": GramLoss,
    "wasserstein": WassersteinLoss,
}


class Objective:
    """The weighted sum of the losses, its targets computed once.

    L = a * mean over content layers of L_content
      + strength^2 * (b * sum over regions of share * weight^2
                          * weighted mean over style layers of L_style
                      + c * L_tv)

    Gatys, Ecker, Bethge 2015, eq. 7; with regions, Gatys et al. 2017, section 4. Every loss is
    relative to its target (see `losses`), so a, b and c mean the same at every size and with
    every encoder. A region's share is the part of the picture that it covers: a small one is not
    to bend the whole picture. Its weight is how much of the strength is used there. Style counts
    with the square of the strength because the eye notices the first strokes most; so does
    smoothness, because without style the photo itself is to be the best picture.

    What no region covers is the photo, whatever the picture: so the losses see it, too.

    Args:
        encoder: frozen.
        content: (1, 3, H, W) in [0, 1].
        regions: what to paint where, masks of the content's size; styles of any size.
        settings: layers, losses and weights.
        tile: look at pictures in tiles of this many pixels a side, for want of memory.
    """

    def __init__(
        self,
        encoder: Encoder,
        content: Tensor,
        regions: Sequence[Region],
        settings: OptimizeSettings,
        tile: int | None = None,
    ) -> None:
        self._settings = settings
        weights = settings.style_layer_weights or (1.0,) * len(settings.style_layers)
        self._layer_weights = [weight / sum(weights) for weight in weights]
        self._photo, self._covered = content, coverage(regions)
        features = Sight(encoder, settings.content_layers, tile=tile).features(content)
        self._content = {layer: ContentLoss(features[layer]) for layer in settings.content_layers}
        sight = Sight(encoder, settings.style_layers, tile=tile)
        targets = [_style_targets(sight, settings.style_layers, r.styles) for r in regions]
        style_loss = STYLE_LOSSES[settings.style_loss]
        self._style = [[style_loss(target) for target in layers] for layers in targets]
        self._shares = [region.share * region.weight**2 for region in regions]
        layers = tuple(dict.fromkeys(settings.content_layers + settings.style_layers))
        self._sight = Sight(encoder, layers, tile=tile, recompute=settings.low_memory)
        self._statistics = [
            statistics_within(self._sight, settings.style_layers, content, r.mask) for r in regions
        ]
        self._variation = TotalVariationLoss([(content, 1.0), *_pictures(regions)])

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The total and its weighted parts ("content", "style", "tv") for (1, 3, H, W)."""
        settings = self._settings
        if self._covered is not None:
            image = torch.lerp(self._photo, image, self._covered)
        found = self._sight.total(image, self._measure)
        strength = settings.strength**2
        parts = {
            "content": settings.content_weight * torch.stack(found.content).mean(),
            "style": settings.style_weight * strength * self._style_part(found.style),
        }
        if settings.tv_weight:
            parts["tv"] = settings.tv_weight * strength * self._variation(image)
        return torch.stack(list(parts.values())).sum(), parts

    def _measure(self, view: View) -> "_Measured":
        content = [
            loss(view.features[layer], view.places[layer]) for layer, loss in self._content.items()
        ]
        return _Measured(content, [within(view) for within in self._statistics])

    def _style_part(self, found: list[list[Statistics]]) -> Tensor:
        """The regions' style losses, by their shares."""
        losses = [
            share * weight * loss(statistics)
            for share, region, layers in zip(self._shares, self._style, found, strict=True)
            for weight, loss, statistics in zip(self._layer_weights, region, layers, strict=True)
        ]
        return torch.stack(losses).sum()


@dataclass(frozen=True)
class _Measured:
    """What a picture, or a tile's part of one, is judged by.

    Attributes:
        content: losses by content layer.
        style: statistics by region and style layer.
    """

    content: list[Tensor]
    style: list[list[Statistics]]

    def __add__(self, other: "_Measured") -> "_Measured":
        pairs = zip(self.style, other.style, strict=True)
        return _Measured(_sums(self.content, other.content), [_sums(*pair) for pair in pairs])


Summand = TypeVar("Summand", Tensor, Statistics)


def _sums(one: list[Summand], other: list[Summand]) -> list[Summand]:
    return [a + b for a, b in zip(one, other, strict=True)]


@torch.no_grad()
def _style_targets(
    sight: Sight, layers: Sequence[str], styles: Sequence[StylePicture]
) -> list[Statistics]:
    """The styles' statistics at each layer, averaged with their weights."""
    found = []
    for style in styles:
        within = statistics_within(sight, layers, style.image, style.mask)
        found.append(sight.total(style.image, partial(_measured_style, within)).style[0])
    weights = [style.weight for style in styles]
    return [mixture(parts, weights) for parts in zip(*found, strict=True)]


def _measured_style(within: Callable[[View], list[Statistics]], view: View) -> _Measured:
    return _Measured([], [within(view)])


def _pictures(regions: Sequence[Region]) -> Iterator[tuple[Tensor, float]]:
    """Every style picture with its part in the painting."""
    for region in regions:
        whole = sum(style.weight for style in region.styles)
        for style in region.styles:
            yield style.image, region.share * style.weight / whole
