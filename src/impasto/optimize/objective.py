"""What the optimization minimises: content, style and smoothness of one picture at one scale."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.encoder import Encoder
from impasto.optimize.losses import (
    ContentLoss,
    GramLoss,
    Statistics,
    TotalVariationLoss,
    WassersteinLoss,
    mixture,
    statistics,
)
from impasto.settings import OptimizeSettings

FRAME = 8
"""Pixels by which pictures are continued for the encoder: a cell of its fourth stage."""

STYLE_LOSSES: dict[str, type[GramLoss | WassersteinLoss]] = {
    "gram": GramLoss,
    "wasserstein": WassersteinLoss,
}


class Objective:
    """The weighted sum of the losses, its targets computed once.

    L = a * mean over content layers of L_content
      + strength^2 * (b * weighted mean over style layers of L_style + c * L_tv)

    Gatys, Ecker, Bethge 2015, eq. 7. Every loss is relative to its target (see `losses`), so
    a, b and c mean the same at every size and with every encoder. Style counts with the square
    of the strength because the eye notices the first strokes most; so does smoothness, because
    without style the photo itself is to be the best picture.

    Args:
        encoder: frozen.
        content: (1, 3, H, W) in [0, 1].
        styles: pictures (1, 3, h, w) of any size, with their weights.
        settings: layers, losses and weights.
    """

    def __init__(
        self,
        encoder: Encoder,
        content: Tensor,
        styles: Sequence[tuple[Tensor, float]],
        settings: OptimizeSettings,
    ) -> None:
        self._encoder = encoder
        self._settings = settings
        self._layers = tuple(dict.fromkeys(settings.content_layers + settings.style_layers))
        weights = settings.style_layer_weights or (1.0,) * len(settings.style_layers)
        self._layer_weights = [weight / sum(weights) for weight in weights]
        with torch.no_grad():
            features = see(encoder, content, settings.content_layers)
            targets = _style_targets(encoder, styles, settings.style_layers)
        self._content = {layer: ContentLoss(features[layer]) for layer in settings.content_layers}
        style_loss = STYLE_LOSSES[settings.style_loss]
        self._style = {layer: style_loss(targets[layer]) for layer in settings.style_layers}
        whole = sum(weight for _, weight in styles)
        self._variation = TotalVariationLoss(
            [(content, 1.0), *((style, weight / whole) for style, weight in styles)]
        )

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The total and its weighted parts ("content", "style", "tv") for (1, 3, H, W)."""
        settings = self._settings
        features = see(self._encoder, image, self._layers, recompute=settings.low_memory)
        content = [loss(features[layer]) for layer, loss in self._content.items()]
        style = [
            weight * loss(features[layer])
            for weight, (layer, loss) in zip(self._layer_weights, self._style.items(), strict=True)
        ]
        strength = settings.strength**2
        parts = {
            "content": settings.content_weight * torch.stack(content).mean(),
            "style": settings.style_weight * strength * torch.stack(style).sum(),
        }
        if settings.tv_weight:
            parts["tv"] = settings.tv_weight * strength * self._variation(image)
        return torch.stack(list(parts.values())).sum(), parts


def see(
    encoder: Encoder, image: Tensor, layers: Sequence[str], *, recompute: bool = False
) -> dict[str, Tensor]:
    """The encoder's features of an image, as if the image went on past its border.

    Encoders pad with zeros, and an optimization finds out: the outermost pixels turn into a
    bright or dotted line. So the image is continued by reflection for the encoder, and what
    it sees of the continuation is cut off again.

    Returns:
        Each layer (N, C, h, w), where h and w are what the layer has for (N, 3, H, W) itself,
        give or take a cell.
    """
    height, width = image.shape[-2:]
    frame = min(FRAME, height - 1, width - 1)
    features = encoder(F.pad(image, (frame,) * 4, mode="reflect"), layers, recompute=recompute)
    cut = {k: round(frame * f.shape[-1] / (width + 2 * frame)) for k, f in features.items()}
    return {
        k: f[..., cut[k] : f.shape[-2] - cut[k], cut[k] : f.shape[-1] - cut[k]]
        for k, f in features.items()
    }


def _style_targets(
    encoder: Encoder, styles: Sequence[tuple[Tensor, float]], layers: Sequence[str]
) -> dict[str, Statistics]:
    """The styles' statistics at each layer, averaged with their weights."""
    found = [see(encoder, image, layers) for image, _ in styles]
    weights = [weight for _, weight in styles]
    return {k: mixture([statistics(f[k]) for f in found], weights) for k in layers}
