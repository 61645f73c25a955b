"""The objective of the optimization: a weighted sum of terms for one picture at one scale."""

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.networks.encoder import Encoder
from impasto.optimization.regions import coverage
from impasto.optimization.terms import (
    Content,
    Palette,
    Smoothness,
    Structure,
    Style,
    Sums,
    Term,
    Tone,
)
from impasto.perceptual.features import FeatureExtractor, FeatureTile
from impasto.scene import Region
from impasto.settings import OptimizeSettings

STRUCTURE_LAYER = "relu4_2"
"""Layer at which self-similarities are compared, if the encoder has it."""


class Objective:
    """The weighted sum of terms.

    L = sum over terms of weight * loss

    Outside the regions, the terms see the photo instead of the picture.

    Args:
        extractor: extracts the layers of all terms.
        terms: to sum; a program may add others, such as a distance to the last frame of a video.
        photo: (1, 3, H, W), shown where nothing is painted.
        covered: (1, 1, H, W), how much of each pixel is painted; None for everything.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        terms: Sequence[Term],
        photo: Tensor | None = None,
        covered: Tensor | None = None,
    ) -> None:
        self.terms = terms
        self._extractor = extractor
        self._photo = photo
        self._covered = covered

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the total and its weighted parts, by the terms' names, for (1, 3, H, W)."""
        if self._covered is not None and self._photo is not None:
            image = torch.lerp(self._photo, image, self._covered)
        measured = iter(self._extractor.total(image, self._measure).values)
        parts = {
            term.name: term.weight * term(image, [next(measured) for _ in range(count)])
            for term, count in zip(self.terms, self._counts, strict=True)
        }
        return torch.stack(list(parts.values())).sum(), parts

    def _measure(self, tile: FeatureTile) -> Sums:
        measured = [term.measure(tile) for term in self.terms]
        self._counts = [len(values) for values in measured]
        return Sums([value for values in measured for value in values])


def build(
    encoder: Encoder,
    content: Tensor,
    regions: Sequence[Region],
    settings: OptimizeSettings,
    tile: int | None = None,
    recoloured: Tensor | None = None,
) -> Objective:
    """Make the objective that the settings ask for, its targets computed once.

    L = a * (L_content + s * L_structure)
      + strength^2 * (b * L_style + c * L_tv + p * L_palette + t * L_tone)

    Gatys, Ecker, Bethge 2015, eq. 7; with regions, Gatys et al. 2017, section 4. Every loss is
    relative to its target (see `losses`), so a, b and c mean the same at every size and with
    every encoder. Style is multiplied by the square of the strength, because the eye notices the
    first strokes most. So are smoothness, palette and tone, so that without style the photo itself
    is the best picture.

    Args:
        encoder: frozen.
        content: (1, 3, H, W) in [0, 1].
        regions: what to paint where: masks (1, 1, H, W), which sum to at most 1, and lists of
            `StylePicture`, of any size.
        settings: layers, losses and weights.
        tile: side in pixels of tiles in which to extract features, to save memory.
        recoloured: the content in the styles' colours, whose tone large areas keep; by default the
            content.
    """
    strength = settings.strength**2
    structure = settings.content_weight * settings.structure_weight
    layer = (
        STRUCTURE_LAYER if STRUCTURE_LAYER in encoder.layer_names else settings.content_layers[-1]
    )
    if recoloured is None:
        recoloured = content

    def extractor(layers: Sequence[str]) -> FeatureExtractor:
        return FeatureExtractor(encoder, layers, tile=tile)

    layers = tuple(dict.fromkeys(settings.content_layers + settings.style_layers))
    if structure:
        layers = tuple(dict.fromkeys((*layers, layer)))
    whole = FeatureExtractor(encoder, layers, tile=tile, recompute=settings.low_memory)
    kept, painted = settings.content_layers, settings.style_layers
    terms: list[Term] = [Content(extractor(kept), kept, recoloured, settings.content_weight)]
    if structure:
        terms.append(Structure(extractor([layer]), layer, content, structure))
    terms.append(
        Style(
            extractor(painted),
            painted,
            regions,
            content,
            weight=settings.style_weight * strength,
            layer_weights=settings.layer_weights,
            loss=settings.style_loss,
        )
    )
    if settings.tv_weight:
        terms.append(Smoothness(regions, content, settings.tv_weight * strength))
    if settings.palette_weight:
        terms.append(Palette(regions, content, settings.palette_weight * strength))
    if settings.tone_weight:
        terms.append(Tone(recoloured, settings.tone_weight * strength))
    return Objective(whole, terms, content, coverage(regions))
