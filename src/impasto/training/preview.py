"""Contact sheets of paintings that show how far a training has come."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto.networks.painter import Palette
from impasto.training.images import ImageFolder, to_tensor
from impasto.training.painting_losses import palette_of, recoloured
from impasto.training.styled import StyledPainter
from impasto.training.targets import StyleEntry


class Preview:
    """Paints sheets of two held-out photos in twelve styles; both change from sheet to sheet.

    With artworks, the last four styles are predicted from held-out artworks.

    Args:
        photos: a folder of photos.
        artworks: folders of artworks; none if the model has no predictor.
        entries: the styles, by name.
        palettes: of the styles, by name.
        device: of the model.
        side: of a cell, in pixels.
    """

    def __init__(
        self,
        photos: Path,
        artworks: Sequence[Path],
        entries: Mapping[str, StyleEntry],
        palettes: Mapping[str, Palette],
        device: str,
        side: int = 288,
    ) -> None:
        folder = ImageFolder(photos, held_out=True)
        rng = np.random.default_rng(7)
        self._photos = to_tensor([folder.crop(rng, side, zoom=1.0) for _ in range(8)])
        folders = [ImageFolder(folder, held_out=True) for folder in artworks]
        self._artworks = [
            folders[k % len(folders)].crop(rng, side, zoom=1.0) for k in range(8 if folders else 0)
        ]
        self._entries, self._palettes = entries, palettes
        self._device = device

    @torch.no_grad()
    def sheet(self, model: StyledPainter, step: int, columns: int = 12) -> Image.Image:
        """Paint a sheet: styles in the top row, photos on the left, and each photo in each style.

        Args:
            model: what to paint with.
            step: of the training; it decides which photos and styles are shown.
            columns: at most as many styles.
        """
        turn, side = step // 100, self._photos.shape[2]
        photos = [self._photos[(turn + k) % len(self._photos)][None] for k in range(2)]
        styles = list(self._styles(model, turn, columns))
        sheet = [torch.cat([torch.ones(3, side, side), *(s.picture for s in styles)], 2)]
        for photo in photos:
            cells = [photo[0]]
            for style in styles:
                colours = recoloured(photo.to(self._device), style.palette)
                painted = model.painter(colours, style.vector, style.palette)
                cells.append(painted[0].clamp(0, 1).cpu())
            sheet.append(torch.cat(cells, 2))
        pixels = (torch.cat(sheet, 1).permute(1, 2, 0) * 255).round().byte().numpy()
        return Image.fromarray(pixels)

    def _styles(self, model: StyledPainter, turn: int, columns: int) -> Iterator["ShownStyle"]:
        side, names = self._photos.shape[2], list(self._entries)
        artworks = min(4, len(self._artworks))
        for k in range(min(columns - artworks, len(names))):
            name = names[(turn + k) % len(names)]
            picture = _square(self._entries[name].picture, side)
            yield ShownStyle(picture, model.vectors[name][None], self._palettes[name])
        for k in range(artworks):
            crop = self._artworks[(turn + k) % len(self._artworks)]
            artwork = to_tensor([crop]).to(self._device)
            picture = _square(Image.fromarray(crop), side)
            yield ShownStyle(picture, model.predict(artwork)[0], palette_of(artwork))


class ShownStyle(NamedTuple):
    """A style on a sheet.

    Attributes:
        picture: (3, side, side).
        vector: (1, VECTOR).
        palette: of the style.
    """

    picture: Tensor
    vector: Tensor
    palette: Palette


def _square(picture: Image.Image, side: int) -> Tensor:
    return to_tensor([np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))])[0]
