"""Styles of the feed-forward engine, a few KB of numbers each, and mixtures of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, SettingError
from impasto.schema import style_weights

LARGEST_VECTOR = 1 << 14
"""Largest number of values in a style vector."""

_LARGEST_VALUE = 1e4
"""Bound of the values of a style, far above any that occur."""

_ROUNDING = 1e-4
"""Tolerance for the symmetry and the eigenvalues of a covariance."""

TEXTS = ("title", "artist", "year")
"""Text fields of a style."""


@dataclass(frozen=True, eq=False)
class Style:
    """A style, for one or several models.

    Attributes:
        vectors: (n,) float32 style vectors by style space, see `ModelSpec.style_space`. A model
            reads the vector of its own space.
        colour_mean: (3,) float32, the mean RGB colour.
        colour_covariance: (3, 3) float32, of the RGB colours.
        title, artist, year: of the work, if known, on one line each.
        notices: warnings for the user about the picture that it was made from.

    Raises:
        InputError: the numbers cannot be those of a picture, or a text is not one printable line.
    """

    vectors: Mapping[str, NDArray[np.float32]] = field(repr=False)
    colour_mean: NDArray[np.float32] = field(repr=False)
    colour_covariance: NDArray[np.float32] = field(repr=False)
    title: str = ""
    artist: str = ""
    year: str = ""
    notices: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.vectors:
            raise InputError("the style has no vector")
        for vector in self.vectors.values():
            _check_numbers("vector", vector, (min(vector.size, LARGEST_VECTOR),))
        _check_numbers("colour_mean", self.colour_mean, (3,))
        _check_numbers("colour_covariance", self.colour_covariance, (3, 3))
        covariance = self.colour_covariance.astype(np.float64)
        if np.abs(covariance - covariance.T).max() > _ROUNDING:
            raise InputError("a style's colour_covariance is not symmetric")
        if np.linalg.eigvalsh(covariance).min() < -_ROUNDING:
            raise InputError("a style's colour_covariance has negative variances")
        for name in TEXTS:
            text = getattr(self, name)
            if not isinstance(text, str) or not text.isprintable():
                raise InputError(f"a style's {name} must be one line of printable text")

    @property
    def encoder(self) -> str:
        """The style space of `vector`."""
        return next(iter(self.vectors))

    @property
    def vector(self) -> NDArray[np.float32]:
        """The first vector, (n,) float32."""
        return self.vectors[self.encoder]


def _check_numbers(name: str, values: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if values.shape != shape or values.dtype != np.float32 or not values.size:
        raise InputError(f"a style's {name} has {values.dtype} of shape {values.shape}")
    if not np.abs(values).max() < _LARGEST_VALUE:  # true of a NaN, too
        raise InputError(f"a style's {name} holds values that no picture has")


def blend(styles: Sequence[Style], weights: Sequence[float]) -> Style:
    """Average styles with weights that need not sum to 1.

    If only one weight is above 0, the result is exactly that style.

    Raises:
        SettingError: as `schema.style_weights`.
        InputError: the styles have no style space in common.
    """
    checked = style_weights(weights)
    parts = [(s, w) for s, w in zip(styles, checked, strict=True) if w > 0]
    if len(parts) == 1:
        return parts[0][0]
    kept = [style for style, _ in parts]
    shares = np.array([w for _, w in parts]) / math.fsum(w for _, w in parts)
    spaces = [space for space in kept[0].vectors if all(space in s.vectors for s in kept)]
    if not spaces or any(len({s.vectors[space].size for s in kept}) > 1 for space in spaces):
        raise InputError(
            "the styles belong to different models or versions of impasto; make the older ones "
            "again from their pictures"
        )

    def average(arrays: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.tensordot(shares, np.stack(arrays), 1).astype(np.float32)

    return Style(
        {space: average([style.vectors[space] for style in kept]) for space in spaces},
        average([style.colour_mean for style in kept]),
        average([style.colour_covariance for style in kept]),
        title=" + ".join(style.title for style in kept),
        notices=tuple(dict.fromkeys(line for style in kept for line in style.notices)),
    )


def interpolate(start: Style, end: Style, t: float) -> Style:
    """Interpolate linearly between two styles: `start` at t = 0, `end` at t = 1.

    Raises:
        SettingError: `t` is outside [0, 1].
        InputError: as `blend`.
    """
    if not 0 <= t <= 1:
        raise SettingError(f"t is {t:g}; it must be from 0 to 1")
    return blend([start, end], [1 - t, t])
