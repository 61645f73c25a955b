"""The losses of a training step: photos are painted in one style, and VGG-16 compares them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks import encoders
from impasto.networks.painter import Palette
from impasto.training.painting_losses import (
    Target,
    halved,
    painting_losses,
    palette_of,
    recoloured,
)
from impasto.training.teacher import Teacher

Paint = Callable[[Tensor, Palette], Tensor]
"""A function that paints recoloured photos (N, 3, H, W), given the palette of the style."""

POOLED = 0.7
"""The share of statistics over all photos of a step; see `painting_losses.style_distance`."""

SHIFT = 8
"""Pixels by which `shifted` moves images at most."""


def load_teacher(weights: Path | None, precision: torch.dtype) -> Teacher:
    """Load VGG-16 from a file, or else the weights that ship with impasto."""
    return Teacher(encoders.load("vgg16", weights=weights).state_dict(), precision)


def step_losses(
    paint: Paint,
    teacher: Teacher,
    photo: Tensor,
    style: Target | None,
    precision: torch.dtype,
) -> dict[str, Tensor]:
    """Compute the unweighted losses of photos painted in one style.

    Args:
        paint: paints the photos.
        teacher: VGG-16.
        photo: (N, 3, H, W).
        style: to paint in; None if each photo is its own style.
        precision: of the networks.
    """
    networks = torch.autocast(photo.device.type, precision, enabled=precision != torch.float32)
    with torch.no_grad():
        palette = palette_of(photo) if style is None else style.palette
        if style is not None:
            photo = recoloured(photo, palette)
        photo = photo.contiguous(memory_format=torch.channels_last)
    with networks:
        painted = paint(photo, palette).float()
    photo, painted = shifted(photo, painted)
    return losses_of(painted, photo, teacher, teacher.features(photo), style)


def losses_of(
    painted: Tensor,
    photo: Tensor,
    teacher: Teacher,
    features: Mapping[str, Tensor],
    style: Target | None,
) -> dict[str, Tensor]:
    """Compute the unweighted losses of paintings of recoloured photos, (N, 3, H, W).

    Args:
        painted, photo: the paintings and the photos.
        teacher: VGG-16.
        features: of the photos, by layer.
        style: of the paintings; None if each photo is its own style.
    """
    coarse = {} if style is None else teacher(halved(painted))
    return painting_losses(painted, photo, teacher(painted), coarse, features, style, POOLED)


def shifted(*images: Tensor) -> tuple[Tensor, ...]:
    """Crop all images (N, 3, H, W) alike, by up to `SHIFT` pixels, to (N, 3, H - SHIFT, W - SHIFT).

    The painter and the teacher both downsample by 8. If their grids always coincided, the painter
    would learn a texture with the period of the grid, which only this teacher does not see.
    """
    top, left = torch.randint(SHIFT + 1, (2,)).tolist()
    height, width = (side - SHIFT for side in images[0].shape[2:])
    return tuple(image[..., top : top + height, left : left + width] for image in images)
