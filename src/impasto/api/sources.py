"""Load pictures, styles and masks from the sources that users give."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os.path import isdir  # unlike `Path.is_dir`, it raises no error
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError, SettingError
from impasto.image import files, hidden, masks
from impasto.image.files import Picture, PictureFile, is_picture_file
from impasto.scene import Region
from impasto.schema import style_weights
from impasto.settings import ALPHA, Device
from impasto.styles.embedding import Style, blend
from impasto.system.paths import display_path, may_exist

if TYPE_CHECKING:
    from impasto.feedforward.model import FeedforwardModel, ModelStyle

Source: TypeAlias = PictureFile | Image.Image | NDArray[Any] | Picture
"""A picture: a file, its bytes, a Pillow image, or an array; see `image.files.load`."""

Styles: TypeAlias = Source | Iterable[Source | tuple[Source, float]] | Mapping[Any, float]
"""One style picture, or several, each alone or with its weight."""

StyleSource: TypeAlias = Source | Style
"""A style; see `load_style`."""

StyleSources: TypeAlias = (
    StyleSource | Iterable[StyleSource | tuple[StyleSource, float]] | Mapping[Any, float]
)
"""One style, or several, each alone or with its weight."""

RegionSource: TypeAlias = Region | tuple[Source, Any] | tuple[Source, Any, float]
"""A part of a painting: a `Region`, or a tuple of a mask, a style and optionally a weight."""

_DARK = 0.02
"""A mask with no larger value counts as black, such as one with values 0 and 1 of 255."""


def load_style(
    source: StyleSources,
    *,
    model: "str | Path | FeedforwardModel | None" = None,
    device: Device = "auto",
) -> Style:
    """Load a style from any source, or mix several styles, each alone or with its weight.

    Args:
        source: a picture, as in `image.files.load`; a file that `save_style` wrote; the name of a
            style in the library, unless there is a file of that name; or a style.
        model: the model that encodes the styles of pictures, as for `Painter`.
        device: as in `StylizeSettings`.

    Raises:
        InputError: a source is neither a picture, nor a style, nor the name of a style.
        SettingError: there is no style, or a weight is negative.
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
        OutputError: the file exists and must not be replaced, or cannot be written.
    """
    from impasto.styles import storage

    storage.save(Path(path), {Path(path).stem: style}, overwrite=overwrite)


def weighted(sources: Any) -> list[tuple[Any, float]]:
    """List sources with their weights.

    Args:
        sources: one source; or an iterable of sources, each alone or in a pair with its weight; or
            a dictionary of weights by source.

    Raises:
        SettingError: as `schema.style_weights`.
        TypeError: it is none of these.
    """
    single = (str, os.PathLike, Style, Image.Image, np.ndarray, Picture)
    if isinstance(sources, single):
        return [(sources, 1.0)]
    if not isinstance(sources, (list, tuple, Mapping)) and is_picture_file(sources):
        return [(sources, 1.0)]
    if isinstance(sources, Mapping):
        sources = list(sources.items())
    if not isinstance(sources, Iterable):
        raise TypeError(f"a style is a picture, or a list of them, not {type(sources).__name__}")
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in sources]
    weights = style_weights([weight for _, weight in pairs]) if pairs else []
    return [(source, weight) for (source, _), weight in zip(pairs, weights, strict=True)]


def find_style(source: StyleSource) -> Style | None:
    """Load the style in a file of styles or in the library; None if the source is a picture.

    Raises:
        InputError: there is neither a file nor a style of that name, or the file is damaged.
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
    """Find the picture of a style, which `optimize` needs.

    The name of a built-in style stands for its picture, unless there is a file of that name. Any
    other source is returned as it is.

    Raises:
        InputError: there is no such style, or it is one of the user's own, without a picture.
    """
    if not isinstance(source, (str, os.PathLike)):
        return source
    return style_file(Path(source))


def style_file(path: Path) -> Path:
    """Find the file of a style's picture from a path or the name of a built-in style.

    Raises:
        InputError: there is no such style, or it is one of the user's own, without a picture.
    """
    from impasto.styles import library, names

    if may_exist(path) and not isdir(path):
        numbers = path.suffix.lower() == names.SUFFIX
    else:
        name = library.resolve(str(path))
        if name is None and not isdir(path):
            raise library.unknown(str(path))
        numbers = name in names.own()
        if name is not None and not numbers:
            return library.picture(name)
    if numbers:
        raise InputError(
            f"{display_path(path)}: optimize needs the picture of a style, and this style has "
            "none; name the file of a picture"
        )
    return path


def check_is_visible(style: Picture) -> None:
    """Check that the picture of a style is not completely transparent.

    Raises:
        InputError: it is.
    """
    if style.alpha is not None and not style.alpha.any():
        name = "the style" if style.path is None else display_path(style.path)
        raise InputError(f"{name}: completely transparent; name another picture")


def mask_from_picture(name: str, picture: Picture) -> masks.Mask:
    """Convert a picture to a mask.

    Args:
        name: of the region, for messages about a mask that is not a file.

    Raises:
        InputError: it is completely black.
    """
    mask = masks.from_pixels(picture.pixels, picture.alpha)
    if mask.max() < _DARK:
        if picture.path is not None:
            raise InputError(
                f"{display_path(picture.path)}: the mask is completely black; paint the region "
                "white"
            )
        raise InputError(
            f"the mask of {name} is completely black; the region must be white: 1.0, or 255 as a "
            "whole number"
        )
    return mask


def photo_mask(name: str, photo: Picture) -> masks.Mask:
    """Return a photo's alpha as a mask.

    Args:
        name: of the region, for messages.

    Raises:
        InputError: the photo has no alpha.
    """
    if photo.alpha is None:
        raise InputError(f"{name} is the photo's alpha, but the photo is opaque; name a mask")
    return photo.alpha


class SceneLoader:
    """Loads pictures, masks and styles, and collects their notices.

    Attributes:
        notices: of everything loaded so far, in order, without duplicates.
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
        """Load and mix styles by their weights, and choose the model that paints the result.

        Args:
            pairs: from `weighted`, at least one.
            models: to choose from; they encode the styles of pictures.
            preload: whether to start to load the network that will paint.

        Raises:
            InputError: as `load_style`, or no model can read the result.
        """
        from impasto.feedforward.model import choose, encode

        styles = []
        for source, _ in pairs:
            style = find_style(source)
            if style is None:
                assert not isinstance(source, Style), "a style is not loaded from a picture"
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
        """Load the mask of a region, of any size; return the word `ALPHA` as it is.

        Args:
            name: of the region, for messages.

        Raises:
            InputError: it cannot be read, or is completely black.
        """
        if isinstance(source, str) and source == ALPHA:
            return source
        picture = files.load_mask(source)
        self.notices |= dict.fromkeys(picture.notices)
        return mask_from_picture(name, picture)
