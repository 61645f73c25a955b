"""What a painting is made of: the decoded pictures, before they are tensors at some scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from impasto.image import guided, masks
from impasto.image.files import MIN_SIDE, Picture
from impasto.image.resize import fit, fit_least, resize
from impasto.image.samples import Pixels, Samples
from impasto.optimization import colours
from impasto.optimization.regions import Region, StylePicture
from impasto.optimization.solver import Images
from impasto.settings import OptimizeSettings, work_side


@dataclass(frozen=True, eq=False)
class StyleInput:
    """A style picture (h, w, 3), its weight, and a mask (H, W) of what counts; None for all."""

    pixels: Pixels
    weight: float = 1.0
    mask: masks.Mask | None = None


@dataclass(frozen=True, eq=False)
class RegionInput:
    """A part of the painting: mask (H, W), or None for all; styles; how much of the strength, in
    [0, 1], is used there."""

    mask: masks.Mask | None
    styles: Sequence[StyleInput]
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Inputs:
    """All that a painting is made of.

    Attributes:
        settings: how to paint.
        content: the photo.
        styles: for what no region covers; none where that is to stay the photo.
        regions: parts with styles of their own, each with a mask of any size.
        init: the first picture (H, W, 3), if it is one of its own.
    """

    settings: OptimizeSettings
    content: Picture
    styles: Sequence[StyleInput]
    regions: Sequence[RegionInput]
    init: Pixels | None

    def photo(self) -> Pixels:
        """The content at the size at which it is painted, or larger where a side would be too small
        for most encoders."""
        side = work_side(self.settings, max(self.content.size))
        return resize(self.content.samples, fit_least(self.content.size, side, MIN_SIDE))

    def parts(self, photo: Pixels) -> list[RegionInput]:
        """What is painted where: masks of the photo's size that sum to at most 1, and styles in
        the colours to paint with. Where a region's weight is 0, nothing is."""

        def prepared(style: StyleInput, cover: masks.Mask | None) -> StyleInput:
            pixels = colours.prepare(style.pixels, photo, self.settings.colour, cover)
            return replace(style, pixels=pixels)

        return [
            replace(part, styles=[prepared(style, part.mask) for style in part.styles])
            for part in self._parts(photo)
        ]

    def _parts(self, photo: Pixels) -> list[RegionInput]:
        """As `parts`, but in the styles' own colours."""
        given = [region.mask for region in self.regions if region.mask is not None]
        covers = masks.shared([masks.resize(mask, _size(photo)) for mask in given])
        parts = [
            replace(region, mask=cover)
            for cover, region in zip(covers, self.regions, strict=True)
            if region.weight > 0
        ]
        if self.styles and not covers:
            parts.append(RegionInput(None, self.styles))
        elif self.styles and masks.rest(covers).any():
            parts.append(RegionInput(masks.rest(covers), self.styles))
        return parts

    def images(self, first: Pixels | None, device: torch.device) -> Images:
        """The tensors to paint with.

        Args:
            first: the picture to start from, where it is none of these.
        """
        photo = self.photo()
        content = _tensor(photo, device)
        parts = self.parts(photo)
        regions = [_region(part, device) for part in parts]
        if self.settings.init == "content":
            return Images(content, regions, first=content)
        if self.settings.init == "noise":
            return Images(content, regions, first=None)
        if first is None:
            first = self.init
        if first is None and parts:
            main = parts[-1] if self.styles else parts[0]  # what is painted in `styles` is the last
            first = main.styles[0].pixels
        if first is None:
            first = photo
        return Images(content, regions, first=_tensor(_covering(first, _size(photo)), device))

    def finish(self, painted: Pixels) -> Pixels:
        """A picture of the solver's, of any scale: each part in its final colours, and the photo
        where there is none."""
        photo = resize(self.content.samples, _size(painted))
        parts = self._parts(photo)
        if parts and parts[0].mask is None:  # the only one, everywhere
            return colours.finish(painted, photo, self.settings.colour)
        covers = [part.mask for part in parts if part.mask is not None]
        finished = (colours.finish(painted, photo, self.settings.colour, cover) for cover in covers)
        return masks.composed(photo, covers, finished).clip(0, 1)

    def enlarge(self, finished: Pixels) -> Samples:
        """A finished picture at the size asked for, if it has the size at which it is painted;
        those of smaller scales stay as they are. Reduced, where that size is too small to paint."""
        size = fit(self.content.size, self.settings.size or max(self.content.size))
        painted = _size(finished)
        if painted == size or max(painted) < work_side(self.settings, max(self.content.size)):
            return finished
        if max(painted) > max(size):
            return resize(finished, size)
        photo = self.content.samples
        if size != self.content.size:
            photo = resize(photo, size)
        return guided.enlarge(finished, resize(photo, painted), photo)


def _region(part: RegionInput, device: torch.device) -> Region:
    styles = [
        StylePicture(_tensor(style.pixels, device), style.weight, _mask(style.mask, device))
        for style in part.styles
    ]
    return Region(styles, _mask(part.mask, device), part.weight)


def _mask(mask: masks.Mask | None, device: torch.device) -> Tensor | None:
    return None if mask is None else _tensor(mask[..., None], device)


def _tensor(pixels: Pixels, device: torch.device) -> Tensor:
    """(1, C, H, W) from (H, W, C)."""
    return torch.tensor(pixels, device=device).permute(2, 0, 1)[None].contiguous()


def _size(pixels: Pixels) -> tuple[int, int]:
    """(width, height)."""
    return pixels.shape[1], pixels.shape[0]


def _covering(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """(H, W, 3) at `size` (width, height), its middle cut out where the shapes differ."""
    width, height = size
    rows, columns = pixels.shape[:2]
    scale = min(columns / width, rows / height)
    kept_rows, kept_columns = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    return resize(pixels[top : top + kept_rows, left : left + kept_columns], size)
