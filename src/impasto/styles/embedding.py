"""What a style is to the feed-forward engine: a few hundred numbers; and mixing several."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, SettingError
from impasto.settings import style_weights

SIZE = 480
"""Length of an embedding: `networks.stylizer.LAYOUT.size`, here without PyTorch."""

_LARGEST = 1e4
"""No feature of the encoder comes near this; what exceeds it is no embedding."""

_ROUNDING = 1e-4
"""By how much rounding may spoil the symmetry and the signs of a covariance."""


@dataclass(frozen=True, eq=False)
class Style:
    """The manner of a picture.

    Attributes:
        vector: (SIZE,) float32, means and deviations of the encoder's features.
        colour_mean: (3,) float32, the mean RGB colour.
        colour_covariance: (3, 3) float32, of the RGB colours.
        encoder: which encoder made the vector; the vectors of two encoders do not mix.
        title, artist, year: of the work, as far as known, each on one line.
        notices: one line each on what the user should know of the picture that it was made from.

    Raises:
        InputError: the numbers cannot be those of a picture, or a text is not fit to be printed
            on one line.
    """

    vector: NDArray[np.float32] = field(repr=False)
    colour_mean: NDArray[np.float32] = field(repr=False)
    colour_covariance: NDArray[np.float32] = field(repr=False)
    encoder: str = field(repr=False)
    title: str = ""
    artist: str = ""
    year: str = ""
    notices: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            values = np.asarray(getattr(self, name))
            if values.shape != shape or values.dtype != np.float32:
                raise InputError(f"a style's {name} has {values.dtype} of shape {values.shape}")
            if not np.abs(values).max() < _LARGEST:  # true of a NaN, too
                raise InputError(f"a style's {name} holds values that no picture has")
        for name in TEXTS:
            text = getattr(self, name)
            if not isinstance(text, str) or not text.isprintable():
                raise InputError(f"a style's {name} must be one line of text that can be printed")
        covariance = self.colour_covariance.astype(np.float64)
        if np.abs(covariance - covariance.T).max() > _ROUNDING:
            raise InputError("a style's colour_covariance is not symmetric")
        if np.linalg.eigvalsh(covariance).min() < -_ROUNDING:
            raise InputError("a style's colour_covariance has negative variances")


_SHAPES = {"vector": (SIZE,), "colour_mean": (3,), "colour_covariance": (3, 3)}

TEXTS = ("encoder", "title", "artist", "year")
"""The fields of a style that are words."""


def blend(styles: Sequence[Style], weights: Sequence[float]) -> Style:
    """The weighted average of styles; the weights are divided by their sum.

    Means and deviations are averaged number by number. Styles of weight 0 do not count, so a
    blend of which one is left is exactly that one.

    Raises:
        SettingError: as `settings.style_weights`.
        InputError: the styles were made by different encoders.
    """
    checked = style_weights(weights)
    parts = [(s, w) for s, w in zip(styles, checked, strict=True) if w > 0]
    if len(parts) == 1:
        return parts[0][0]
    if len({style.encoder for style, _ in parts}) > 1:
        raise InputError(
            "the styles were made by different versions of impasto; add the older ones anew"
        )
    shares = np.array([w for _, w in parts]) / math.fsum(w for _, w in parts)

    def average(arrays: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.tensordot(shares, np.stack(arrays), 1).astype(np.float32)

    return Style(
        average([style.vector for style, _ in parts]),
        average([style.colour_mean for style, _ in parts]),
        average([style.colour_covariance for style, _ in parts]),
        parts[0][0].encoder,
        title=" + ".join(style.title for style, _ in parts),
        notices=tuple(dict.fromkeys(line for style, _ in parts for line in style.notices)),
    )


def interpolate(start: Style, end: Style, t: float) -> Style:
    """The style a part `t` of the way from one to another: exactly `start` at 0, `end` at 1.

    Raises:
        SettingError: `t` is outside [0, 1].
        InputError: the styles were made by different encoders.
    """
    if not 0 <= t <= 1:
        raise SettingError(f"t is {t:g}; it must be at least 0 and at most 1")
    return blend([start, end], [1 - t, t])
