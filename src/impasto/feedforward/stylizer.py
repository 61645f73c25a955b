"""Painting in one pass."""

import math

import numpy as np

from impasto.errors import InputError, SettingError, WeightsError
from impasto.feedforward import tiles
from impasto.feedforward.encoder import SMALLEST, STRIDE, encode
from impasto.feedforward.memory import fitting_tile, usual_tile
from impasto.feedforward.session import network
from impasto.image.colour import Gaussian, gaussian, transport
from impasto.image.guided import enlarge
from impasto.image.resize import fit_least, resize
from impasto.image.samples import Pixels, Samples, to_float
from impasto.settings import Device
from impasto.styles.embedding import Style, interpolate

FILE = "stylizer.onnx"
SURVEYOR = "surveyor.onnx"

_SAMPLED_SIDE = 256
"""Colours are counted on a grid of about this many pixels each way: enough for a mean."""


def render(
    photo: Samples,
    style: Style,
    *,
    strength: float = 1.0,
    work_side: int | None = None,
    tile: int | None = None,
    device: Device = "auto",
) -> Samples:
    """The photo painted in a style.

    Args:
        photo: (H, W, 3), sides of at least 16.
        style: from `encode`, a library or a file.
        strength: from 0, which gives the photo, to 1, the full style; see `_opacity`.
        work_side: long side in pixels at which to paint, if not the photo's; then the painting
            is reduced, or enlarged along the photo's edges, to the photo's size.
        tile: side in pixels above which the photo is painted in parts, to spare memory; None
            is what the free memory allows, see `memory.fitting_tile`.
        device: see `session.network`.

    Returns:
        (H, W, 3); uint8 if it is enlarged from where it was painted, and the photo is uint8.

    Raises:
        SettingError: the strength is out of bounds.
        InputError: the style was made by another encoder than the stylizer's.
        DeviceError, WeightsError: as `session.network`.
    """
    if not 0 <= strength <= 1:
        raise SettingError(f"strength is {strength:g}; it must be at least 0 and at most 1")
    if style.encoder != network(FILE, device).metadata["encoder"]:
        raise InputError(
            f"the style {style.title or 'given'!r} was made by another version of impasto's "
            "encoder; add it anew from its picture: impasto styles add NAME IMAGE"
        )
    if strength == 0:
        unchanged: Samples = photo.copy()
        return unchanged
    if strength < 1:
        style = interpolate(encode(photo, device=device), style, strength)
    size = photo.shape[1], photo.shape[0]
    work_size = _work_size(size, work_side)
    reduced = photo if work_size == size else resize(photo, work_size)
    painted = _paint(reduced, style, tile, device)
    if max(work_size) < max(size):
        return enlarge(painted, to_float(reduced), photo, opacity=_opacity(strength))
    if work_size != size:
        painted = resize(painted, size)
    if strength < 1:
        under = to_float(photo)
        painted = under + _opacity(strength) * (painted - under)
    return painted


def cut_small(size: tuple[int, int], work_side: int | None) -> str | None:
    """What the user should know where `render` paints a photo of (width, height) in tiles smaller
    than the usual ones, as these do not fit the free memory; None where it does not."""
    width, height = _work_size(size, work_side)
    tile, usual = fitting_tile((height, width)), usual_tile((height, width))
    if tile == usual or tile >= max(width, height):
        return None
    return (
        f"there is little free memory: painted in tiles of {tile} pixels in place of {usual}, "
        "so the painting is a little different"
    )


def recolouring(photo: Samples, style: Style) -> tuple[Pixels, Pixels]:
    """The map x -> A x + b that gives the photo the style's mean colour and colour covariance.

    The same as `training.stylizer.recolour`, which the network was trained with, but for the
    photo's statistics being taken on a grid of its pixels.

    Args:
        photo: (H, W, 3).

    Returns:
        A (3, 3) and b (3,).
    """
    height, width = photo.shape[:2]
    stride = max(1, min(height, width) // _SAMPLED_SIDE)
    wanted = Gaussian(style.colour_mean.astype(float), style.colour_covariance.astype(float))
    matrix, offset = transport(gaussian(to_float(photo[::stride, ::stride])), wanted)
    return matrix.astype(np.float32), offset.astype(np.float32)


class Brush:
    """The networks with the colours and the manner of one style, ready to paint.

    Args:
        photo: (H, W, 3); its colours, as a whole, decide how it is recoloured, even
            where only a part of it is painted.
        device: see `session.network`.
        sparing: see `session.Network`; for parts of several shapes.
    """

    def __init__(
        self, photo: Samples, style: Style, device: Device, *, sparing: bool = False
    ) -> None:
        matrix, offset = recolouring(photo, style)
        self._colours = {"matrix": matrix, "offset": offset}
        self._embedding = style.vector[None]
        self._device = device
        self._sparing = sparing

    def paint(self, part: Samples, given: Pixels | None = None) -> tuple[Pixels, Pixels]:
        """A part of the photo, painted, and its statistics.

        Args:
            part: (h, w, 3), sides of at least 16.
            given: statistics to paint by instead of the part's own.

        Returns:
            (3, h, w) in [0, 1], and (2, channels): means and variances.
        """
        stylizer = network(FILE, self._device)
        if given is None:
            given, share = np.zeros((2, int(stylizer.metadata["normalised"])), np.float32), 0
        else:
            share = 1
        painted, found = stylizer(
            image=_planes(part)[None],
            embedding=self._embedding,
            statistics=given[None],
            share=np.asarray(share, np.float32),
            sparing=self._sparing,
            **self._colours,
        )
        if not math.isfinite(found.sum()):
            raise InputError("the style's numbers are those of no picture; add it anew")
        height, width = part.shape[:2]
        return painted[0, :, :height, :width], found[0]

    def survey(self, part: Samples) -> Pixels:
        """The statistics of what the encoder sees, the first of those that `paint` finds."""
        surveyor = network(SURVEYOR, self._device)
        if surveyor.metadata.get("weights") != network(FILE, self._device).metadata.get("weights"):
            raise WeightsError(f"{SURVEYOR}: not exported together with {FILE}; replace both")
        [found] = surveyor(image=_planes(part)[None], sparing=self._sparing, **self._colours)
        statistics: Pixels = found[0]
        return statistics


def _work_size(size: tuple[int, int], side: int | None) -> tuple[int, int]:
    """Where a photo of (width, height) is painted: with this long side, or a longer one, so that
    the network can."""
    return size if side is None else fit_least(size, side, SMALLEST)


def _paint(photo: Samples, style: Style, tile: int | None, device: Device) -> Pixels:
    height, width = photo.shape[:2]
    tile = tile or fitting_tile((height, width))
    if max(height, width) > tile:
        return tiles.paint(photo, Brush(photo, style, device, sparing=True), tile)
    painted, _ = Brush(photo, style, device).paint(photo)
    return np.stack(list(painted), axis=2)


def _planes(photo: Samples) -> Pixels:
    """(3, H, W), mirrored beyond the lower and right border to full strides."""
    height, width = photo.shape[:2]
    below, right = -height % STRIDE, -width % STRIDE
    return np.stack(
        [
            np.pad(to_float(photo[..., k]), ((0, below), (0, right)), mode="reflect")
            for k in range(3)
        ]
    )


def _opacity(strength: float) -> float:
    """How opaque a painting in a style between the photo's own and the full one lies on the photo.

    The style goes straight from the photo's own to the one given. A photo painted in its own
    style is not yet the photo, so the painting's opacity falls, too: 1 - (1 - strength)^3.
    With it each tenth of strength changes the picture by about as much (mean absolute change
    of 15 pairs: 0.017 to 0.020), where a proportional opacity gave 0.006 to 0.032.
    """
    return 1 - (1 - strength) ** 3
