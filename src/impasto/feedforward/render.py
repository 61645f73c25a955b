"""Paint a scene in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from impasto.errors import SettingError
from impasto.feedforward import tiles
from impasto.feedforward.memory import default_tile, fitting_tile
from impasto.feedforward.model import FeedforwardModel, ModelStyle, sampled_gaussian
from impasto.image import hidden, masks
from impasto.image.colour import COLOUR_TRANSFERS, Gaussian, with_contrast
from impasto.image.guided import guided_upsample
from impasto.image.masks import Mask
from impasto.image.resize import fit_min_side, resize
from impasto.image.samples import LUMA, FloatImage, ImageArray, to_float
from impasto.models.spec import ModelSpec
from impasto.painting import Statistics
from impasto.scene import Region, Scene
from impasto.settings import LARGEST, WORK_SIZE, StylizeSettings, work_side
from impasto.styles.embedding import Style, interpolate

DETAIL_FROM = 1.4
"""Enlargement from which a painting is painted over in finer strokes."""

PAINTED = 0.5
"""Share of the enlarged painting in what the second pass paints; the rest is the photo. Of the
painting alone it would paint strokes upon strokes, and faces and thin things would be lost."""

_BAND = 64
"""Rows that are mixed at a time."""

_GRID_FILTER = np.array([1, 2, 2, 2, 1], np.float32) / 8
"""The shortest filter with whole numbers that removes waves of two and of four pixels."""


@dataclass(frozen=True, eq=False)
class Rendering:
    """A painting and how it was made.

    Attributes:
        samples: (H, W, 3), of the requested size.
        tile: side of the tiles in pixels; None if everything was painted whole.
        statistics: of each region of the scene; None for a region that was not painted.
        notices: warnings for the user of one line each.
    """

    samples: ImageArray
    tile: int | None
    statistics: tuple[Statistics | None, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The size and tiles of a pass.

    Attributes:
        size: (width, height) at which to paint; the painting is resized to the requested size.
        tile: side of the tiles in pixels; None to paint it whole.
        notice: a warning for the user, or None.
        detail: the second pass, which paints over the enlarged painting in finer strokes, or None.
    """

    size: tuple[int, int]
    tile: int | None
    notice: str | None = None
    detail: "Plan | None" = None


def render(
    scene: Scene,
    settings: StylizeSettings,
    statistics: Sequence[Statistics | None] = (),
) -> Rendering:
    """Paint a scene.

    Args:
        scene: the style of each region is a `ModelStyle`, which may be a blend.
        settings: how to paint.
        statistics: of an earlier rendering with as many regions, to paint alike.

    Raises:
        SettingError: a side of the painting would be too small, or the statistics do not match.
        InputError: a style is invalid.
        DeviceError, WeightsError: as `session.Network`.
    """
    photo = scene.photo.samples
    if settings.size is not None:
        photo = _resized_to(photo, scene.painted_size(settings.size))
    size = photo.shape[1], photo.shape[0]
    count = len(scene.regions)
    earlier = list(statistics) or [None] * count
    if len(earlier) != count:
        raise SettingError(
            f"statistics: {len(earlier)} are given for {count} regions; give one for each"
        )
    used: list[Statistics | None] = [None] * count
    if settings.strength == 0:
        return Rendering(photo.copy(), None, tuple(used), ())
    visible = scene.photo.alpha
    if visible is not None and (visible := hidden.visible(visible)) is not None:
        visible = masks.resize(visible, size)
    plans: list[Plan] = []

    def paint(number: int, region: Region) -> ImageArray:
        chosen: ModelStyle = region.style
        plans.append(plan(size, settings, chosen.model.spec))
        strength = settings.strength * region.weight
        painted, used[number] = _paint(
            photo, *chosen, strength, settings.contrast, plans[-1], earlier[number], visible
        )
        if settings.colour == "style":
            return painted
        covered = masks.both(region.mask, visible)
        return COLOUR_TRANSFERS[settings.colour](to_float(painted), to_float(photo), covered)

    painted = scene.composite(photo, paint)
    tiles_used = [one.tile for one in plans if one.tile is not None]
    notices = [one.notice for one in plans if one.notice is not None]
    return Rendering(
        painted,
        max(tiles_used, default=None),
        tuple(used),
        tuple(dict.fromkeys(notices)),
    )


def plan(size: tuple[int, int], settings: StylizeSettings, spec: ModelSpec) -> Plan:
    """Plan the passes for a photo of (width, height)."""
    usual = spec.work_side or WORK_SIZE
    side = min(round(work_side(settings, max(size), usual) / settings.brush), LARGEST)
    first = _pass(fit_min_side(size, side, spec.min_side), settings, spec)
    if settings.work_size is not None or not spec.detail_side:
        return first
    side = round(min(max(size), spec.detail_side) / settings.brush)
    side = min(side, max(size), LARGEST)
    if side < DETAIL_FROM * max(first.size):
        return first
    return replace(first, detail=_pass(fit_min_side(size, side, spec.min_side), settings, spec))


def _pass(size: tuple[int, int], settings: StylizeSettings, spec: ModelSpec) -> Plan:
    """Plan the tiles of one pass at (width, height)."""
    width, height = size
    default = default_tile((height, width))
    tile = settings.tile or fitting_tile((height, width), spec)
    if tile >= max(width, height):
        return Plan((width, height), None)
    if tile == default or settings.tile:
        return Plan((width, height), tile)
    return Plan(
        (width, height),
        tile,
        f"low memory: painted in tiles of {tile} pixels instead of {default}; "
        "the painting may differ slightly",
    )


def _paint(
    photo: ImageArray,
    model: FeedforwardModel,
    style: Style,
    strength: float,
    least_contrast: float,
    plan: Plan,
    statistics: Statistics | None,
    visible: Mask | None,
) -> tuple[ImageArray, Statistics]:
    """Paint a whole photo in one style, in one pass or two.

    Returns:
        The painting, of the photo's size, uint8 if it was enlarged and the photo is uint8; and its
        statistics.
    """
    if statistics is None:  # else they have the style and its colours
        photo_style = model.photo_style(photo, visible) if strength < 1 else None
        if photo_style is not None:
            style = interpolate(photo_style, style, strength)
        style = _with_contrast(style, photo, visible, least_contrast)
    reduced = _resized_to(photo, plan.size)
    painted, used = _paint_pass(
        reduced, visible, style, plan.tile, model, statistics, plan.detail is not None
    )
    if plan.detail is not None:
        detail = plan.detail
        reduced = _resized_to(photo, detail.size)
        enlarged = resize(without_grid(painted), detail.size)
        mixed = with_photo(enlarged, reduced, used)
        earlier = None if statistics is None else statistics.detail
        painted, used_for_detail = _paint_pass(
            mixed, visible, style, detail.tile, model, earlier, True
        )
        used = replace(used, detail=used_for_detail)
    return _at_full_size(painted, reduced, photo, opacity(strength)), used


def _with_contrast(style: Style, photo: ImageArray, visible: Mask | None, least: float) -> Style:
    """Raise the contrast of a style's colours, see `image.colour.with_contrast`."""
    if LUMA @ style.colour_covariance @ LUMA >= least**2:  # as most styles
        return style
    palette = Gaussian(style.colour_mean.astype(float), style.colour_covariance.astype(float))
    raised = with_contrast(palette, sampled_gaussian(photo, visible), least)
    return replace(style, colour_covariance=raised.covariance.astype(np.float32))


def with_photo(enlarged: FloatImage, photo: ImageArray, used: Statistics) -> FloatImage:
    """Mix the enlarged painting at `PAINTED` with the photo in the style's colours.

    Args:
        enlarged: (H, W, 3), is changed.
        photo: (H, W, 3).
        used: of the first pass, with the map that gives the photo these colours.
    """
    white = np.float32(255 if photo.dtype == np.uint8 else 1)
    matrix, offset = used.inputs["matrix"] / white, used.inputs["offset"]
    for top in range(0, len(photo), _BAND):  # a whole copy would raise the peak of memory
        rows = slice(top, top + _BAND)
        # No matrix product: its threads would spin on and slow down those of ONNX Runtime.
        recoloured = np.einsum("hwk,ck->hwc", photo[rows], matrix) + offset
        enlarged[rows] += (1 - PAINTED) * (np.clip(recoloured, 0, 1) - enlarged[rows])
    return enlarged


def without_grid(painted: FloatImage) -> FloatImage:
    """Remove patterns with a period of two or four pixels from (H, W, 3) by a slight blur.

    The network's inner grids leave them. They are invisible, but the second pass would paint the
    enlarged pattern.
    """
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (2, 2)
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(painted, pad, mode="reflect"), len(_GRID_FILTER), axis
        )
        painted = np.asarray(windows @ _GRID_FILTER)
    return painted


def _paint_pass(
    photo: ImageArray,
    visible: Mask | None,
    style: Style,
    tile: int | None,
    model: FeedforwardModel,
    statistics: Statistics | None,
    two_passes: bool,
) -> tuple[FloatImage, Statistics]:
    """Paint (H, W, 3) in one pass, whole or in tiles.

    The network gives its memory back after each picture, if pictures of several shapes are painted.

    Returns:
        The painting, (H, W, 3), and its statistics.
    """
    in_tiles = tile is not None
    release = in_tiles or two_passes
    if statistics is None:
        covered = (
            None if visible is None else masks.resize(visible, (photo.shape[1], photo.shape[0]))
        )
        styled = model.styled(photo, style, covered, in_tiles=in_tiles, release_memory=release)
        features = None
    else:
        styled = model.restyled(statistics, in_tiles=in_tiles, release_memory=release)
        features = statistics.features
    if tile is not None:
        painted, measured = tiles.paint(photo, styled, tile, features)
    else:
        planes, measured = styled.paint(photo, features)
        painted = np.stack(list(planes), axis=2)
    features = measured if features is None else features
    return painted, Statistics(model.spec.fingerprint, styled.inputs, features)


def _resized_to(photo: ImageArray, size: tuple[int, int]) -> ImageArray:
    """Resize (H, W, 3) to (width, height), unless it has that size."""
    return photo if size == (photo.shape[1], photo.shape[0]) else resize(photo, size)


def _at_full_size(
    painted: FloatImage, reduced: ImageArray, photo: ImageArray, opacity: float
) -> ImageArray:
    """Resize a painting to the photo's size and composite it over the photo.

    Args:
        painted: (h, w, 3).
        reduced: the photo at that size.
        photo: (H, W, 3).
        opacity: of the painting.
    """
    size = photo.shape[1], photo.shape[0]
    if max(painted.shape) < max(size):
        return guided_upsample(painted, to_float(reduced), photo, opacity=opacity)
    if painted.shape != photo.shape:
        painted = resize(painted, size)
    if opacity < 1:
        under = to_float(photo)
        painted = under + opacity * (painted - under)
    return painted


def opacity(strength: float) -> float:
    """Compute the opacity of a painting over the photo from the strength.

    The style is interpolated between the photo's own and the full one. A photo painted in its own
    style still differs from the photo, so the opacity falls, too: 1 - (1 - strength)^5. Each tenth
    of strength then changes the picture about equally (mean absolute change of 4 pairs: 0.018 to
    0.027); with the third power it was 0.012 to 0.029.
    """
    return 1 - (1 - strength) ** 5
