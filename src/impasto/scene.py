"""The scene: a photo and its parts, each with styles and a mask, for both engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

from impasto.image import masks
from impasto.image.files import Picture
from impasto.image.masks import Mask
from impasto.image.samples import ImageArray, to_float

StyleKind = TypeVar("StyleKind")
"""The engine's kind of style: a `Style`, or the pixels of a picture."""


class Region(NamedTuple):
    """A part of the painting with a style of its own, as given by the user.

    Attributes:
        mask: a picture, white where the region is; or the word "alpha", the photo's own.
        style: as for the whole painting.
        weight: fraction of the strength to use there, from 0 to 1.
    """

    mask: Any
    style: Any
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class WeightedStyle(Generic[StyleKind]):
    """A style and its weight in a mixture.

    Attributes:
        style: of the engine's kind.
        weight: relative to the other styles of the part.
        mask: (H, W), the part of a style picture to use; None for all of it.
    """

    style: StyleKind
    weight: float = 1.0
    mask: Mask | None = None


@dataclass(frozen=True, eq=False)
class Part(Generic[StyleKind]):
    """A part of the painting.

    Attributes:
        styles: mixed by their weights.
        mask: (H, W) in [0, 1], 1 inside the part; None for what other parts leave.
        strength: of the style, from 0 to 1.
    """

    styles: tuple[WeightedStyle[StyleKind], ...]
    mask: Mask | None = None
    strength: float = 1.0


@dataclass(frozen=True, eq=False)
class Scene(Generic[StyleKind]):
    """A photo and the parts of its painting.

    Attributes:
        photo: decoded.
        parts: with masks of any size. Only the last may have no mask. If all have masks, the photo
            stays unchanged outside them.
    """

    photo: Picture
    parts: tuple[Part[StyleKind], ...]

    def at(self, size: tuple[int, int]) -> list[Part[StyleKind] | None]:
        """Resize the masks of the parts to (width, height).

        Returns:
            Each part with its mask at that size. Masks are scaled to sum to at most 1 where they
            overlap. A part without a mask gets the rest, or no mask if that is everything. None
            stands for a part that is not painted: its strength is 0, or nothing is left for it.
        """
        masked = [part for part in self.parts if part.mask is not None]
        masks_given = [part.mask for part in masked if part.mask is not None]
        shares = masks.normalize([masks.resize(m, size) for m in masks_given]) if masked else []
        laid: list[Part[StyleKind] | None] = []
        for part, share in zip(masked, shares, strict=True):
            laid.append(replace(part, mask=share) if part.strength > 0 else None)
        for part in self.parts[len(masked) :]:
            rest = masks.uncovered(shares) if shares else None
            empty = part.strength == 0 or (rest is not None and not rest.any())
            laid.append(None if empty else replace(part, mask=rest))
        return laid

    def composite(
        self, photo: ImageArray, paint: Callable[[int, Part[StyleKind]], ImageArray]
    ) -> ImageArray:
        """Paint the parts over the scene's photo at any size, see the function `composite`."""
        return composite(photo, self.at((photo.shape[1], photo.shape[0])), paint)


def composite(
    photo: ImageArray,
    parts: Sequence[Part[StyleKind] | None],
    paint: Callable[[int, Part[StyleKind]], ImageArray],
) -> ImageArray:
    """Paint every part over a photo, which stays unchanged outside them.

    Args:
        photo: (H, W, 3).
        parts: from `Scene.at` for this size.
        paint: paints the whole photo for a part, given its number and the part. It is called for
            one part after another.

    Returns:
        (H, W, 3).
    """
    painted = [(number, part) for number, part in enumerate(parts) if part is not None]
    if not painted:
        unchanged: ImageArray = photo.copy()
        return unchanged
    if painted[0][1].mask is None:
        return paint(*painted[0])
    shares = [part.mask for _, part in painted if part.mask is not None]
    layers = (to_float(paint(number, part)) for number, part in painted)
    return masks.composite(to_float(photo), shares, layers)
