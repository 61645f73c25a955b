"""`stylize`: painting in one pass."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from impasto.api.sources import (
    Loader,
    Source,
    StyleRegions,
    StyleSource,
    StyleSources,
    with_weights,
)
from impasto.errors import SettingError
from impasto.image import files, masks
from impasto.image.colour import TO_PHOTO
from impasto.image.resize import fit, resize
from impasto.image.samples import Samples, to_float
from impasto.painting import Painting
from impasto.settings import LARGEST, StylizeSettings, region_weight, work_side
from impasto.styles.embedding import Style


def stylize(
    content: Source,
    style: StyleSources = (),
    *,
    regions: StyleRegions = (),
    settings: StylizeSettings | None = None,
    **options: Any,
) -> Painting:
    """Paints `content` in the manner of `style` in one pass, without PyTorch.

        impasto.stylize("photo.jpg", "great-wave").save("painting.png")
        impasto.stylize("photo.jpg", [("wave.jpg", 2), ("starry-night", 1)], strength=0.7)
        impasto.stylize("photo.jpg", "irises", regions=[("sky.png", "starry-night")])

    Args:
        content: the photo.
        style: one style, or several, each alone or in a pair with its weight; see `load_style`.
            With regions there need be none: then what no region covers stays the photo.
        regions: parts of the painting with a style of their own: a mask, a style, and perhaps
            how much of the strength is used there, from 0 to 1, the default. A mask is a picture
            of any size, stretched over the painting: white where the region is, greys where it
            fades, and not where it is fully transparent. The word "alpha" is the mask in the
            photo's alpha. Where masks overlap, the regions share the place.
        settings: how to paint, and on which device.
        options: fields of `StylizeSettings`, over those in `settings`.

    Raises:
        InputError: a picture or a style cannot be used.
        SettingError: a setting is out of bounds.
        DeviceError: the device is absent or its memory too small.
        WeightsError: the networks that ship with impasto are missing or damaged.
    """
    from impasto.feedforward.stylizer import cut_small

    chosen = replace(settings or StylizeSettings(), **options)
    loader = Loader(content)
    photo = loader.content
    size = photo.size if chosen.size is None else fit(photo.size, chosen.size)
    if min(size) < files.MIN_SIDE:
        raise SettingError(
            f"size {chosen.size} makes a painting of {size[0]} x {size[1]} pixels; "
            f"both sides need at least {files.MIN_SIDE}"
        )
    samples, alpha = photo.samples, photo.alpha
    if size != photo.size:
        samples = resize(samples, size)
        alpha = None if alpha is None else resize(alpha, size)
    parts = _parts(loader, style, regions, size, chosen)
    painted = _composed(samples, parts, chosen)
    notices = [*loader.notices]
    side = _work_side(size, chosen)
    if not chosen.tile and any(part.strength for part in parts) and (told := cut_small(size, side)):
        notices.append(told)
    return Painting(painted, alpha, photo.metadata, tuple(notices), losses=())


def painted_in(
    photo: Samples, style: Style, settings: StylizeSettings, covered: masks.Mask | None = None
) -> Samples:
    """The photo (H, W, 3) in one style, in its final colours.

    Args:
        covered: where the painting is to be seen, (H, W), whose colours are to be the photo's
            there; None for everywhere.
    """
    from impasto.feedforward.stylizer import render

    painted = render(
        photo,
        style,
        strength=settings.strength,
        work_side=_work_side((photo.shape[1], photo.shape[0]), settings),
        tile=settings.tile,
        device=settings.device,
    )
    if settings.colour != "style":
        painted = TO_PHOTO[settings.colour](to_float(painted), to_float(photo), covered)
    return painted


class _Part(NamedTuple):
    """What is painted where: how much of each pixel (H, W), None for all of all; and how."""

    cover: masks.Mask | None
    style: Style
    strength: float


def _parts(
    loader: Loader,
    style: StyleSources,
    regions: StyleRegions,
    size: tuple[int, int],
    settings: StylizeSettings,
) -> list[_Part]:
    """What is painted where on (width, height), all of it checked; covers sum to at most 1.

    Where a region's weight is 0, nothing is.
    """

    def checked(
        number: int, mask: Source, style: StyleSource, weight: float = 1.0
    ) -> tuple[float, masks.Mask, Style]:
        name = f"region {number}"
        strength = settings.strength * region_weight(name, weight)
        return strength, loader.mask(name, mask), loader.style(style, settings.device)

    everywhere = with_weights(style) or not regions
    mixed = loader.style(style, settings.device) if everywhere else None
    found = [checked(number, *region) for number, region in enumerate(regions, start=1)]
    covers = masks.shared([masks.resize(mask, size) for _, mask, _ in found])
    parts = [
        _Part(cover, own, strength)
        for cover, (strength, _, own) in zip(covers, found, strict=True)
        if strength > 0
    ]
    rest = masks.rest(covers) if covers else None
    if mixed is not None and (rest is None or rest.any()):
        parts.append(_Part(rest, mixed, settings.strength))
    return parts


def _composed(samples: Samples, parts: Sequence[_Part], settings: StylizeSettings) -> Samples:
    """The photo (H, W, 3) with every part painted; what none covers stays."""

    def painted(part: _Part) -> Samples:
        own = replace(settings, strength=part.strength)
        return painted_in(samples, part.style, own, part.cover)

    if parts and parts[0].cover is None:  # the only one, everywhere
        return painted(parts[0])
    covers = [part.cover for part in parts if part.cover is not None]
    return masks.composed(to_float(samples), covers, (to_float(painted(part)) for part in parts))


def _work_side(size: tuple[int, int], settings: StylizeSettings) -> int:
    """Long side in pixels at which (width, height) is painted, so that strokes are as large in the
    end as asked for."""
    return min(round(work_side(settings, max(size)) / settings.brush), LARGEST)
