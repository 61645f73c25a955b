"""Pictures, styles, masks and models as users give them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os.path import isdir  # which never fails, as `Path.is_dir` does
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError, SettingError
from impasto.image import files, hidden, masks
from impasto.image.files import Picture, Stored, is_stored
from impasto.scene import Region
from impasto.schema import style_weights
from impasto.settings import ALPHA, Device
from impasto.styles.embedding import Style, blend
from impasto.system.paths import display_path, may_exist

if TYPE_CHECKING:
    from impasto.feedforward.model import FeedforwardModel, ModelStyle

Source: TypeAlias = Stored | Image.Image | NDArray[Any] | Picture
"""A picture as a user has it: a file, its bytes, a Pillow image, or an array; see
`image.files.load`."""

Styles: TypeAlias = Source | Iterable[Source | tuple[Source, float]] | Mapping[Any, float]
"""One style picture, or several, each alone or with its weight."""

StyleSource: TypeAlias = Source | Style
"""A style as a user has it; see `load_style`."""

StyleSources: TypeAlias = (
    StyleSource | Iterable[StyleSource | tuple[StyleSource, float]] | Mapping[Any, float]
)
"""One style, or several, each alone or with its weight."""

RegionSource: TypeAlias = Region | tuple[Source, Any] | tuple[Source, Any, float]
"""A part of a painting: a `Region`, or a tuple of a mask, a style and perhaps a weight."""

_DARK = 0.02
"""A mask with no value above this is black; it may be one of zeros and ones out of 255."""


def load_style(
    source: StyleSources,
    *,
    model: "str | Path | FeedforwardModel | None" = None,
    device: Device = "auto",
) -> Style:
    """Load a style from whatever holds one; or mix several, each alone or with its weight.

    Args:
        source: a picture, as in `image.files.load`; a file that `save_style` wrote; the name of
            a style in the library (a file of that name comes first); or a style, as it is.
        model: the model that is to read the style of a picture, as for `Painter`.
        device: as in `StylizeSettings`.

    Raises:
        InputError: a source is no picture, no style, and no name of one.
        SettingError: there is none, or a weight is negative.
        DeviceError, WeightsError: as `stylize`.
    """
    from impasto.feedforward.model import open_models

    pairs = weighted(source)
    if not pairs:
        raise SettingError("there is no style; name at least one")
    return SceneLoader().mixture(pairs, open_models(model, device)).style


def save_style(style: Style, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a style to an `.npz` file of a few KB, for `load_style`.

    Raises:
        OutputError: the file exists and is not to be replaced, or cannot be written.
    """
    from impasto.styles import storage

    storage.save(Path(path), {Path(path).stem: style}, overwrite=overwrite)


def weighted(sources: Any) -> list[tuple[Any, float]]:
    """Pair one source, or several, each alone or in a pair with its weight, with their weights.

    Args:
        sources: one; or any iterable of them, which is gone through once; or a dictionary of
            weights by source.

    Raises:
        SettingError: as `schema.style_weights`.
        TypeError: it is nothing of the kind.
    """
    single = (str, os.PathLike, Style, Image.Image, np.ndarray, Picture)
    if isinstance(sources, single):
        return [(sources, 1.0)]
    if not isinstance(sources, (list, tuple, Mapping)) and is_stored(sources):
        return [(sources, 1.0)]
    if isinstance(sources, Mapping):
        sources = list(sources.items())
    if not isinstance(sources, Iterable):
        raise TypeError(f"a style is a picture, or a list of them, not {type(sources).__name__}")
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in sources]
    weights = style_weights([weight for _, weight in pairs]) if pairs else []
    return [(source, weight) for (source, _), weight in zip(pairs, weights, strict=True)]


def stored_style(source: StyleSource) -> Style | None:
    """Find the style in a file of its own, or in the library; None if the source is a picture.

    Raises:
        InputError: there is neither a file nor a style of that name, or it is damaged.
    """
    from impasto.styles import library, names

    if isinstance(source, Style):
        return source
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = Path(source)
    if not may_exist(path) or (isdir(path) and library.resolve(str(path)) is not None):
        return library.find(os.fspath(source))
    return library.read(path) if path.suffix.lower() == names.SUFFIX else None


def style_picture(source: Source) -> Source:
    """Find the picture of a style: `optimize` looks at all of it, not only at its numbers.

    The name of a built-in style stands for the picture that ships with it, unless there is a file
    of that name. Any other source stands for itself.

    Raises:
        InputError: it is a style of the user's own, of which there is no picture.
    """
    if not isinstance(source, (str, os.PathLike)):
        return source
    return style_file(Path(source))


def style_file(path: Path) -> Path:
    """Find the file of the picture that a path, or the name of a built-in style, stands for.

    Raises:
        As `style_picture`.
    """
    from impasto.styles import library, names

    if may_exist(path) and not isdir(path):
        numbers = path.suffix.lower() == names.SUFFIX
    else:
        name = library.resolve(str(path))
        numbers = name in names.own()
        if name is not None and not numbers:
            return library.picture(name)
    if numbers:
        raise InputError(
            f"{display_path(path)}: `impasto stylize` has only numbers of this style; "
            "optimize needs the picture itself: name its file"
        )
    return path


def check_is_visible(style: Picture) -> None:
    """Make sure that there is something to see in the picture of a style.

    Raises:
        InputError: it is transparent all over.
    """
    if style.alpha is not None and not style.alpha.any():
        name = "the style" if style.path is None else display_path(style.path)
        raise InputError(f"{name}: transparent all over; name a picture with something to see")


def mask_from_picture(name: str, picture: Picture) -> masks.Mask:
    """Read the mask that a picture shows.

    Args:
        name: of the region, for messages on a mask that is no file.

    Raises:
        InputError: it is black all over.
    """
    mask = masks.from_pixels(picture.pixels, picture.alpha)
    if mask.max() < _DARK:
        if picture.path is not None:
            raise InputError(
                f"{display_path(picture.path)}: the mask is black all over; paint white the part "
                "that it is for"
            )
        raise InputError(
            f"the mask of {name} is black all over; it must be white somewhere: 1.0, or 255 "
            "in whole numbers"
        )
    return mask


def photo_mask(name: str, photo: Picture) -> masks.Mask:
    """Find the mask in a photo's alpha.

    Args:
        name: of the region, for messages.

    Raises:
        InputError: the photo has none.
    """
    if photo.alpha is None:
        raise InputError(f"{name} is the photo's alpha, but the photo is opaque; name a mask")
    return photo.alpha


class SceneLoader:
    """Loads pictures, masks and styles, and gathers what the user should know of them.

    Attributes:
        notices: one line each, in order, each once; as far as things were loaded.
    """

    def __init__(self) -> None:
        self.notices: dict[str, None] = {}

    def picture(self, source: Source) -> Picture:
        """Load a picture, as `image.files.load`."""
        picture = files.load(source)
        self.notices |= dict.fromkeys(picture.notices)
        return picture

    def mixture(
        self,
        pairs: Sequence[tuple[StyleSource, float]],
        models: "Sequence[FeedforwardModel]",
        *,
        preload: bool = False,
    ) -> "ModelStyle":
        """Load styles with their weights, mix them, and choose the model that paints the result.

        Args:
            pairs: of `weighted`, at least one.
            models: that are to read the styles of pictures.
            preload: whether to start to load the network that will paint.

        Raises:
            InputError: as `load_style`, or no model reads the result.
        """
        from impasto.feedforward.model import choose, encode

        styles = []
        for source, _ in pairs:
            style = stored_style(source)
            if style is None:
                assert not isinstance(source, Style), "which is stored"
                if preload:
                    next((model for model in models if model.can_encode), models[0]).preload()
                picture = files.load(source)
                check_is_visible(picture)
                style = encode(models, picture.samples, hidden.visible(picture.alpha))
                style = replace(style, notices=picture.notices)
            self.notices |= dict.fromkeys(style.notices)
            styles.append(style)
        mixed = styles[0]
        if len(styles) > 1:
            mixed = blend(styles, [weight for _, weight in pairs])
        chosen = choose(models, mixed)
        if preload:
            chosen.model.preload()
        return chosen

    def mask(self, name: str, source: Source) -> masks.Mask | str:
        """Load the mask of a region, of any size; the word `ALPHA` stays as it is.

        Args:
            name: of the region, for messages.

        Raises:
            InputError: it cannot be read, or is black all over.
        """
        if isinstance(source, str) and source == ALPHA:
            return source
        picture = files.load_mask(source)
        self.notices |= dict.fromkeys(picture.notices)
        return mask_from_picture(name, picture)
