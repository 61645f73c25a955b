"""Pictures, styles and masks as users give them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.image import files, masks
from impasto.image.files import Picture
from impasto.settings import ALPHA, Device, style_weights
from impasto.styles.embedding import Style, blend
from impasto.system.paths import is_there, label

Source: TypeAlias = str | Path | Image.Image | NDArray[Any] | Picture
"""A picture as a user has it: a file, a Pillow image, or an array; see `image.files.load`."""

Styles: TypeAlias = Source | Sequence[Source | tuple[Source, float]]
"""One style, or several, each alone or with its weight."""

Regions: TypeAlias = Sequence[tuple[Source, Source] | tuple[Source, Source, float]]
"""Parts of a painting: each a mask, a style and, if not 1, how much of the strength there."""

StyleSource: TypeAlias = Source | Style
"""A style as a user has it; see `load_style`."""

StyleSources: TypeAlias = StyleSource | Sequence[StyleSource | tuple[StyleSource, float]]
"""One style, or several, each alone or with its weight."""

StyleRegions: TypeAlias = Sequence[tuple[Source, StyleSource] | tuple[Source, StyleSource, float]]
"""Parts of a painting: each a mask, a style and, if not 1, how much of the strength there."""

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
    """One source, or several each alone or in a pair with its weight, as pairs.

    Raises:
        SettingError: as `settings.style_weights`.
        TypeError: it is nothing of the kind.
    """
    if isinstance(sources, (str, Path, Image.Image, np.ndarray, Picture, Style)):
        return [(sources, 1.0)]
    if not isinstance(sources, Iterable):
        raise TypeError(f"a style is a picture, or a list of them, not {type(sources).__name__}")
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in sources]
    weights = style_weights(weight for _, weight in pairs) if pairs else []
    return [(source, weight) for (source, _), weight in zip(pairs, weights, strict=True)]


def _load_one_style(source: StyleSource, device: Device) -> Style:
    if isinstance(source, Style):
        return source
    if (stored := _stored_style(source)) is not None:
        return stored
    from impasto.feedforward.encoder import encode

    picture = files.load(source)
    return replace(
        encode(picture.samples, alpha=picture.alpha, device=device), notices=picture.notices
    )


def _stored_style(source: Source) -> Style | None:
    """The style in a file of its own, or in the library; None if the source is a picture."""
    from impasto.styles import library, names

    if not isinstance(source, (str, Path)):
        return None
    path = Path(source)
    if not is_there(path):
        return library.find(str(source))
    return library.read(path) if path.suffix.lower() == names.SUFFIX else None


def style_picture(source: Source) -> Source:
    """Find the picture of a style: `optimize` looks at all of it, not only at its numbers.

    The name of a built-in style stands for the picture that ships with it, unless there is a file
    of that name. Any other source stands for itself.

    Raises:
        InputError: it is a style of the user's own, of which there is no picture.
    """
    if not isinstance(source, (str, Path)):
        return source
    return style_file(Path(source))


def style_file(path: Path) -> Path:
    """Find the file of the picture that a path, or the name of a built-in style, stands for.

    Raises:
        As `style_picture`.
    """
    from impasto.styles import library, names

    name = str(path)
    if is_there(path):
        numbers = path.suffix.lower() == names.SUFFIX
    else:
        numbers = name in names.own()
        if not numbers and name in library.shipped():
            return library.picture(name)
    if numbers:
        raise InputError(
            f"{label(path)}: `impasto stylize` has only numbers of this style; optimize needs the "
            "picture itself: name its file"
        )
    return path


def mask_in(name: str, picture: Picture) -> masks.Mask:
    """The mask that a picture shows.

    Args:
        name: of the region, for messages on a mask that is no file.

    Raises:
        InputError: it is black all over.
    """
    found = masks.from_pixels(picture.pixels, picture.alpha)
    if found.max() < _DARK:
        if picture.path is not None:
            raise InputError(
                f"{label(picture.path)}: the mask is black all over; paint white the part that it "
                "is for"
            )
        raise InputError(
            f"the mask of {name} is black all over; it must be white somewhere: 1.0, or 255 "
            "in whole numbers"
        )
    return found


class Loader:
    """Loads what one painting is made of, and gathers what the user should know of it.

    Attributes:
        content: the photo.
        notices: one line each, each once.
    """

    def __init__(self, content: Source) -> None:
        self.content = files.load(content)
        self._notices = dict.fromkeys(self.content.notices)

    @property
    def notices(self) -> tuple[str, ...]:
        """As far as things were loaded."""
        return tuple(self._notices)

    def picture(self, source: Source) -> Picture:
        """As `image.files.load`."""
        picture = files.load(source)
        self._notices |= dict.fromkeys(picture.notices)
        return picture

    def style(self, source: StyleSources, device: Device) -> Style:
        """As `load_style`."""
        style = load_style(source, device=device)
        self._notices |= dict.fromkeys(style.notices)
        return style

    def mask(self, name: str, source: Source) -> masks.Mask:
        """The mask of a region, of any size.

        Args:
            name: of the region, for messages.

        Raises:
            InputError: it cannot be read, or is black all over; the photo has no alpha.
        """
        if isinstance(source, str) and source == ALPHA:
            if self.content.alpha is None:
                raise InputError(
                    f"{name} is the photo's alpha, but the photo is opaque; name a mask"
                )
            return self.content.alpha
        picture = files.load_mask(source)
        self._notices |= dict.fromkeys(picture.notices)
        return mask_in(name, picture)
