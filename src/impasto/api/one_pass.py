"""`stylize`: painting in one pass."""

from dataclasses import replace
from typing import Any

from impasto.api.painting import Painting
from impasto.api.sources import (
    Source,
    StyleRegions,
    StyleSource,
    StyleSources,
    load_style,
    region_mask,
    with_weights,
)
from impasto.errors import SettingError
from impasto.image import files, masks
from impasto.image.colour import TO_PHOTO
from impasto.image.files import Picture
from impasto.image.resize import fit, resize
from impasto.image.samples import Pixels, Samples, to_float
from impasto.settings import LARGEST, StylizeSettings, work_side
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
        regions: parts of the painting with a style of their own: a mask as for `optimize`, a
            style, and perhaps how much of it, from 0 to 1, the default.
        settings: how to paint, and on which device.
        options: fields of `StylizeSettings`, over those in `settings`.

    Raises:
        InputError: a picture or a style cannot be used.
        SettingError: a setting is out of bounds.
        DeviceError: the device is absent or its memory too small.
        WeightsError: the networks that ship with impasto are missing or damaged.
    """
    chosen = replace(settings or StylizeSettings(), **options)
    photo = files.load(content)
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
    painted = samples
    if with_weights(style) or not regions:
        painted = painted_in(samples, load_style(style, device=chosen.device), chosen)
    if regions:
        painted = _with_regions(painted, samples, photo, regions, chosen)
    return Painting(painted, alpha, photo.exif, photo.notices, losses=())


def painted_in(photo: Samples, style: Style, settings: StylizeSettings) -> Samples:
    """The photo (H, W, 3) in one style, in its final colours."""
    from impasto.feedforward.stylizer import render

    side = work_side(settings, max(photo.shape[:2])) / settings.brush
    painted = render(
        photo,
        style,
        strength=settings.strength,
        work_side=min(round(side), LARGEST),  # so that strokes are as large in the end as asked for
        tile=settings.tile,
        device=settings.device,
    )
    if settings.colour != "style":
        painted = TO_PHOTO[settings.colour](to_float(painted), to_float(photo))
    return painted


def _with_regions(
    painted: Samples,
    samples: Samples,
    photo: Picture,
    regions: StyleRegions,
    settings: StylizeSettings,
) -> Pixels:
    """A painting with parts of it in other styles.

    Args:
        painted: what no region covers.
        samples: the photo at the size of the painting.
    """
    size = samples.shape[1], samples.shape[0]
    named = [(f"region {n}", *region) for n, region in enumerate(regions, start=1)]
    found = [region_mask(name, mask, photo) for name, mask, *_ in named]
    covers = masks.shared([masks.resize(mask, size) for mask in found])

    def part(name: str, style: StyleSource, share: float = 1.0) -> Pixels:
        if not 0 <= share <= 1:
            raise SettingError(
                f"the weight of {name} is {share:g}; it must be at least 0 and at most 1"
            )
        weaker = replace(settings, strength=settings.strength * share)
        mixed = load_style(style, device=settings.device)
        return to_float(painted_in(samples, mixed, weaker))

    parts = (part(name, *style) for name, _, *style in named)
    return masks.composed(to_float(painted), covers, parts)
