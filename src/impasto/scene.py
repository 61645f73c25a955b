"""The scene: a photo and the regions of its painting, for both engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from impasto.errors import SettingError
from impasto.image import masks
from impasto.image.files import MIN_SIDE, Picture
from impasto.image.resize import fit
from impasto.image.samples import ImageArray, to_float


class Region(NamedTuple):
    """A part of the painting with a style of its own.

    A user names where mask and style come from; in a `Scene` they are loaded.

    Attributes:
        mask: a picture, white where the region is; or the word "alpha", the photo's own. Loaded: an
            array (H, W) in [0, 1], 1 inside the region, or None for what other regions leave.
        style: as for the whole painting. Loaded: what the engine paints with, a `ModelStyle` or a
            list of `StylePicture`.
        weight: fraction of the strength to use there, from 0 to 1.
    """

    mask: Any
    style: Any
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo and the regions of its painting.

    Attributes:
        photo: decoded.
        regions: loaded, with masks of any size. Only the last may have no mask. If all have masks,
            the photo stays unchanged outside them.
    """

    photo: Picture
    regions: tuple[Region, ...]

    def painted_size(self, long_side: int | None) -> tuple[int, int]:
        """Compute (width, height) of the painting.

        Args:
            long_side: in pixels; None keeps the photo's.

        Raises:
            SettingError: a side would be too small.
        """
        fitted = fit(self.photo.size, long_side or max(self.photo.size))
        if min(fitted) < MIN_SIDE:
            raise SettingError(
                f"size {max(fitted)} makes a painting of {fitted[0]} x {fitted[1]} pixels; "
                f"both sides need at least {MIN_SIDE}"
            )
        return fitted

    def at(self, size: tuple[int, int]) -> list[Region | None]:
        """Resize the masks of the regions to (width, height).

        Returns:
            Each region with its mask at that size. Masks are scaled to sum to at most 1 where they
            overlap. A region without a mask gets the rest, or no mask if that is everything. None
            stands for a region that is not painted: its weight is 0, or nothing is left for it.
        """
        masked = [region for region in self.regions if region.mask is not None]
        resized = [masks.resize(region.mask, size) for region in masked]
        shares = masks.normalize(resized) if masked else []
        laid: list[Region | None] = []
        for region, share in zip(masked, shares, strict=True):
            laid.append(region._replace(mask=share) if region.weight > 0 else None)
        for region in self.regions[len(masked) :]:
            rest = masks.uncovered(shares) if shares else None
            empty = region.weight == 0 or (rest is not None and not rest.any())
            laid.append(None if empty else region._replace(mask=rest))
        return laid

    def composite(
        self, photo: ImageArray, paint: Callable[[int, Region], ImageArray]
    ) -> ImageArray:
        """Paint the regions over the scene's photo at any size, see the function `composite`."""
        return composite(photo, self.at((photo.shape[1], photo.shape[0])), paint)


def composite(
    photo: ImageArray,
    regions: Sequence[Region | None],
    paint: Callable[[int, Region], ImageArray],
) -> ImageArray:
    """Paint every region over a photo, which stays unchanged outside them.

    Args:
        photo: (H, W, 3).
        regions: from `Scene.at` for this size.
        paint: paints the whole photo for a region, given its number and the region. It is called
            for one region after another.

    Returns:
        (H, W, 3).
    """
    painted = [(number, region) for number, region in enumerate(regions) if region is not None]
    if not painted:
        unchanged: ImageArray = photo.copy()
        return unchanged
    if painted[0][1].mask is None:
        return paint(*painted[0])
    shares = [region.mask for _, region in painted]
    layers = (to_float(paint(number, region)) for number, region in painted)
    return masks.composite(to_float(photo), shares, layers)
