"""Pictures, styles and masks as users give them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.image import files, masks
from impasto.image.files import Picture
from impasto.settings import ALPHA, Device
from impasto.styles.embedding import Style, blend

Source: TypeAlias = str | Path | Image.Image | NDArray[Any]
"""A picture as a user has it: a file, a Pillow image, or an array; see `image.files.load`."""

Styles: TypeAlias = Source | Sequence[Source | tuple[Source, float]]
"""One style, or several, each alone or with its weight."""

Regions: TypeAlias = Sequence[tuple[Source, Source] | tuple[Source, Source, float]]
"""Parts of a painting: each a mask, a style and, if not 1, the weight of the style there."""

StyleSource: TypeAlias = Source | Style
"""A style as a user has it; see `load_style`."""

StyleSources: TypeAlias = StyleSource | Sequence[StyleSource | tuple[StyleSource, float]]
"""One style, or several, each alone or with its weight."""

StyleRegions: TypeAlias = Sequence[tuple[Source, StyleSource] | tuple[Source, StyleSource, float]]
"""Parts of a painting: a mask, a style, and perhaps how much of it."""

_DARK = 0.02
"""A mask with no value above this is black; it may be one of zeros and ones out of 255."""


def load_style(source: StyleSources, *, device: Device = "auto") -> Style:
    """A style, from whatever holds one; or several mixed, each alone or with its weight.

    Args:
        source: a picture, as in `image.files.load`; a file that `save_style` wrote; the name of
            a style in the library (a file of that name comes first); or a style, as it is.
        device: as in `StylizeSettings`.

    Raises:
        InputError: a source is no picture, no style, and no name of one.
        SettingError: there is none, or a weight is negative.
        DeviceError, WeightsError: as `stylize`.
    """
    pairs = with_weights(source)
    styles = [_load_one_style(item, device) for item, _ in pairs]
    return blend(styles, [weight for _, weight in pairs])


def save_style(style: Style, path: str | Path, *, overwrite: bool = False) -> None:
    """Writes a style to an `.npz` file of a few KB, for `load_style`.

    Raises:
        OutputError: the file exists and is not to be replaced, or cannot be written.
    """
    from impasto.styles import storage

    storage.save(Path(path), {Path(path).stem: style}, overwrite=overwrite)


def with_weights(sources: Any) -> list[tuple[Any, float]]:
    """One source, or several each alone or in a pair with its weight, as pairs."""
    if isinstance(sources, (str, Path, Image.Image, np.ndarray, Style)):
        return [(sources, 1.0)]
    return [item if isinstance(item, tuple) else (item, 1.0) for item in sources]


def _load_one_style(source: StyleSource, device: Device) -> Style:
    if isinstance(source, Style):
        return source
    if (stored := _stored_style(source)) is not None:
        return stored
    from impasto.feedforward.encoder import encode

    return encode(files.load(source).samples, device=device)


def _stored_style(source: Source) -> Style | None:
    """The style in a file of its own, or in the library; None if the source is a picture."""
    from impasto.styles import library, names

    if not isinstance(source, (str, Path)):
        return None
    path = Path(source)
    if not path.exists():
        return library.find(str(source))
    return library.read(path) if path.suffix.lower() == names.SUFFIX else None


def region_mask(name: str, mask: Source, photo: Picture) -> masks.Mask:
    """The mask of a region, of any size.

    Raises:
        InputError: it cannot be read, or is black all over; the photo has no alpha.
    """
    if isinstance(mask, str) and mask == ALPHA:
        if photo.alpha is None:
            raise InputError(f"{name} is the photo's alpha, but the photo is opaque; name a mask")
        return photo.alpha
    found = masks.from_pixels(files.load(mask, min_side=1).pixels)
    if found.max() < _DARK:
        raise InputError(
            f"the mask of {name} is black all over; it must be white somewhere: 1.0, or 255 in "
            "whole numbers"
        )
    return found
