"""What a training step compares: paintings with their photos, as VGG-16 sees both."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.networks import encoders
from impasto.networks.painter import Palette
from impasto.training.painting_losses import (
    Target,
    halved,
    painting_losses,
    recoloured,
)
from impasto.training.teacher import Seen, Teacher

Paint = Callable[[Tensor, Palette], Tensor]
"""A function that paints recoloured photos (N, 3, H, W), given the palettes of their styles."""

POOLED = 0.7
"""The share of statistics over all photos in a style; see `painting_losses.style_distance`."""

SHIFT = 8
"""Pixels by which `shifted` moves images at most."""


class Paintings(NamedTuple):
    """Paintings, the photos, and what the teacher sees in both.

    Attributes:
        painted, photo: (N, 3, H, W), the photos in the colours of the styles.
        seen: in the paintings, by layer.
        features: of the photos, by layer.
    """

    painted: Tensor
    photo: Tensor
    seen: Mapping[str, Seen]
    features: Mapping[str, Tensor]

    def part(self, span: slice) -> "Paintings":
        """Select some of the paintings."""
        seen = {k: Seen(*(x[span] for x in s)) for k, s in self.seen.items()}
        features = {k: x[span] for k, x in self.features.items()}
        return Paintings(self.painted[span], self.photo[span], seen, features)


def load_teacher(weights: Path | None, precision: torch.dtype) -> Teacher:
    """Load VGG-16 from a file, or else the weights that ship with impasto."""
    return Teacher(encoders.load("vgg16", weights=weights).state_dict(), precision)


def paint(
    painter: Paint, teacher: Teacher, photo: Tensor, palette: Palette, precision: torch.dtype
) -> Paintings:
    """Paint photos, and look at the paintings.

    Args:
        painter: paints the photos.
        teacher: VGG-16.
        photo: (N, 3, H, W).
        palette: of the styles, one for each photo or one for all.
        precision: of the networks.
    """
    device = photo.device.type
    networks = torch.autocast(
        device, precision, enabled=precision != torch.float32, cache_enabled=device == "cpu"
    )
    with torch.no_grad():
        photo = recoloured(photo, palette).contiguous(memory_format=torch.channels_last)
    with networks:
        painted = painter(photo, palette).float()
    photo, painted = shifted(photo, painted)
    return Paintings(painted, photo, teacher(painted), teacher.features(photo))


def losses_of(paintings: Paintings, teacher: Teacher, style: Target) -> dict[str, Tensor]:
    """Compute the unweighted losses of paintings in the styles of a target."""
    coarse = teacher(halved(paintings.painted))
    return painting_losses(*paintings, coarse, style, POOLED)


def shifted(*images: Tensor) -> tuple[Tensor, ...]:
    """Crop all images (N, 3, H, W) alike, by up to `SHIFT` pixels, to (N, 3, H - SHIFT, W - SHIFT).

    The painter and the teacher both downsample by 8. If their grids always coincided, the painter
    would learn a texture with the period of the grid, which only this teacher does not see.
    """
    device = images[0].device
    top, left = torch.randint(SHIFT + 1, (2, 1), device=device)
    rows, columns = (torch.arange(side - SHIFT, device=device) for side in images[0].shape[2:])
    return tuple(
        image.index_select(2, top + rows).index_select(3, left + columns) for image in images
    )
