"""`stylize`: painting in one pass."""

from dataclasses import replace
from typing import Any

from impasto.api.painting import Painting
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
from impasto.image.samples import Pixels, Samples, to_float
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
            fades; its own alpha is ignored. The word "alpha" is the mask in the photo's alpha.
            Where masks overlap, the regions share the place.
        settings: how to paint, and on which device.
        options: fields of `StylizeSettings`, over those in `settings`.

    Raises:
        InputError: a picture or a style cannot be used.
        SettingError: a setting is out of bounds.
        DeviceError: the device is absent or its memory too small.
        WeightsError: the networks that ship with impasto are missing or damaged.
    """
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
    painted = samples
    if with_weights(style) or not regions:
        painted = painted_in(samples, loader.style(style, chosen.device), chosen)
    if regions:
        painted = _with_regions(painted, samples, loader, regions, chosen)
    return Painting(painted, alpha, photo.exif, loader.notices, losses=())


def painted_in(
    photo: Samples, style: Style, settings: StylizeSettings, covered: masks.Mask | None = None
) -> Samples:
    """The photo (H, W, 3) in one style, in its final colours.

    Args:
        covered: where the painting is to be seen, (H, W), whose colours are to be the photo's
            there; None for everywhere.
    """
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
        painted = TO_PHOTO[settings.colour](to_float(painted), to_float(photo), covered)
    return painted


def _with_regions(
    painted: Samples,
    samples: Samples,
    loader: Loader,
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
    found = [loader.mask(name, mask) for name, mask, *_ in named]
    covers = masks.shared([masks.resize(mask, size) for mask in found])

    def part(name: str, cover: masks.Mask, style: StyleSource, weight: float = 1.0) -> Pixels:
        strength = settings.strength * region_weight(name, weight)
        mixed = loader.style(style, settings.device)
        return to_float(painted_in(samples, mixed, replace(settings, strength=strength), cover))

    parts = (
        part(name, cover, *style) for (name, _, *style), cover in zip(named, covers, strict=True)
    )
    return masks.composed(to_float(painted), covers, parts)
