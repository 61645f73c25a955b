"""The inputs of a painting: decoded pictures, and their conversion to tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from impasto.image import guided, hidden, masks
from impasto.image.files import MIN_SIDE, Picture
from impasto.image.resize import fit_min_side, resize
from impasto.image.samples import FloatImage, ImageArray, to_float
from impasto.optimization import colours
from impasto.optimization.regions import StylePicture
from impasto.optimization.solver import Images
from impasto.scene import Region, Scene, composite
from impasto.settings import OptimizeSettings, work_side
from impasto.system import cores

NEAREST = 3.0
"""Content weight, relative to the style's, from which on the recoloured photo is the first picture
where otherwise that of the single pass is."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """The inputs of a painting.

    Attributes:
        settings: how to paint.
        scene: the photo and its regions, whose styles are lists of `StylePicture` in arrays.
        init: the first picture (H, W, 3), if it comes from a file.

    Raises:
        SettingError: a side of the painting would be too small.
    """

    settings: OptimizeSettings
    scene: Scene
    init: FloatImage | None

    def __post_init__(self) -> None:
        self.scene.painted_size(self.settings.size)

    @property
    def content(self) -> Picture:
        """The photo."""
        return self.scene.photo

    @property
    def styles(self) -> Sequence[StylePicture[FloatImage]]:
        """The styles outside the masks; none if the photo stays unchanged there."""
        return [style for r in self.scene.regions if r.mask is None for style in r.style]

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) at which to paint, larger if a side would be too small for encoders."""
        side = work_side(self.settings, max(self.content.size))
        return fit_min_side(self.content.size, side, MIN_SIDE)

    def photo(self) -> FloatImage:
        """Resize the content to the size at which to paint."""
        with cores.limited(self.settings.threads):
            return resize(self.content.samples, self.size)

    def regions(self, photo: FloatImage) -> list[Region]:
        """Resize the masks of the regions to a photo, see `Scene.at`.

        Returns:
            The regions to paint, with styles in the colours to paint with.
        """

        def prepared(region: Region) -> Region:
            mask = self._visible_within(region.mask, _size(photo))
            styles = [
                replace(s, image=colours.prepare(s.image, photo, self.settings.colour, mask))
                for s in region.style
            ]
            return region._replace(style=styles)

        return [prepared(r) for r in self.scene.at(_size(photo)) if r is not None]

    def _with_contrast(self, region: Region, photo: FloatImage) -> Region:
        """Raise the contrast of a region's styles, see `image.colour.with_contrast`.

        The single pass gets them as they are: it raises the contrast itself.
        """
        visible = self._visible_within(None, _size(photo))
        least = self.settings.contrast
        styles = [colours.contrasted(style, photo, least, visible) for style in region.style]
        return region._replace(style=styles)

    def _visible_within(self, mask: masks.Mask | None, size: tuple[int, int]) -> masks.Mask | None:
        """Combine a region's mask with the visible part of the photo; None for everywhere."""
        visible = hidden.visible(self.content.alpha)
        return masks.both(mask, None if visible is None else masks.resize(visible, size))

    def images(self, first: FloatImage | None, device: torch.device) -> Images:
        """Build the tensors to paint with.

        Args:
            first: what the single pass painted, of the photo's size, if it is to be the start.
        """
        photo = self.photo()
        content = _tensor(photo, device)
        prepared = [self._with_contrast(region, photo) for region in self.regions(photo)]
        regions = [_on_device(region, device) for region in prepared]
        recoloured = _tensor(self._recoloured(photo, prepared), device)
        if self.settings.init == "content":
            return Images(content, regions, content, recoloured)
        if self.settings.init == "noise":
            return Images(content, regions, None, recoloured)
        if first is not None:
            share = np.float32(_photo_share(self.settings))
            first = first + share * (self._recoloured(photo, prepared) - first)
        if first is None:
            first = self.init
        if first is None and prepared:
            main = prepared[-1] if self.styles else prepared[0]  # the one without a mask is last
            first = main.style[0].image
        if first is None:
            first = photo
        first = _covering(first, _size(photo))
        return Images(content, regions, _tensor(first, device), recoloured)

    def _recoloured(self, photo: FloatImage, regions: Sequence[Region]) -> FloatImage:
        """Give each region of the photo its styles' colours, in proportion to the strength."""

        def recoloured(_: int, region: Region) -> FloatImage:
            mapped = colours.recolour(photo, region.style, region.mask)
            share = np.float32(self.settings.strength * region.weight)
            return np.asarray(photo + share * (mapped - photo))

        return to_float(composite(photo, regions, recoloured)).clip(0, 1)

    def finish(self, painted: FloatImage) -> FloatImage:
        """Give each region of the solver's picture its final colours; the rest is the photo."""
        photo = resize(self.content.samples, _size(painted))

        def finished(_: int, region: Region) -> FloatImage:
            mask = self._visible_within(region.mask, _size(painted))
            return colours.finish(painted, photo, self.settings.colour, mask)

        return to_float(self.scene.composite(photo, finished)).clip(0, 1)

    def enlarge(self, finished: FloatImage) -> ImageArray:
        """Resize a finished picture of the last scale to the requested size.

        Pictures of smaller scales are returned as they are.
        """
        size = self.scene.painted_size(self.settings.size)
        painted = _size(finished)
        if painted == size or max(painted) < max(self.size):
            return finished
        if max(painted) > max(size):
            return resize(finished, size)
        photo = self.content.samples
        with cores.limited(self.settings.threads):
            if size != self.content.size:
                photo = resize(photo, size)
            if self.settings.strength == 0:
                return photo
            return guided.guided_upsample(finished, resize(photo, painted), photo)


def _photo_share(settings: OptimizeSettings) -> float:
    """Compute how much of the recoloured photo the first picture has; the rest is the single pass.

    It is 0 up to the default content weight. A few dozen steps do not lead from the single pass
    back to the photo, however much the content weighs.
    """
    usual = OptimizeSettings.content_weight
    weight = settings.content_weight / max(settings.style_weight, 1e-9)
    return min(1.0, max(0.0, (weight - usual) / (NEAREST - usual)))


def _on_device(region: Region, device: torch.device) -> Region:
    """Convert the arrays of a region to tensors."""
    styles = [
        StylePicture(_tensor(style.image, device), style.weight, _mask(style.mask, device))
        for style in region.style
    ]
    return Region(_mask(region.mask, device), styles, region.weight)


def _mask(mask: masks.Mask | None, device: torch.device) -> Tensor | None:
    return None if mask is None else _tensor(mask[..., None], device)


def _tensor(pixels: FloatImage, device: torch.device) -> Tensor:
    """Convert (H, W, C) to (1, C, H, W)."""
    return torch.tensor(pixels, device=device).permute(2, 0, 1)[None].contiguous()


def _size(pixels: FloatImage) -> tuple[int, int]:
    """Return (width, height)."""
    return pixels.shape[1], pixels.shape[0]


def _covering(pixels: FloatImage, size: tuple[int, int]) -> FloatImage:
    """Resize to `size` (width, height), cropping to the centre if the aspect ratio differs."""
    width, height = size
    rows, columns = pixels.shape[:2]
    scale = min(columns / width, rows / height)
    kept_rows, kept_columns = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    return resize(pixels[top : top + kept_rows, left : left + kept_columns], size)
