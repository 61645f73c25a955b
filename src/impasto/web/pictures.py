"""Reduced pictures for web pages."""

from functools import lru_cache

from impasto.image import files, output
from impasto.image.files import Picture
from impasto.image.resize import fit_down, resize
from impasto.painting import Painting
from impasto.styles import library

PREVIEW_SIDE = 1280
"""Largest long side in pixels of a picture that a page shows large."""

THUMBNAIL_SIDE = 240
"""Long side in pixels of the picture of a style in a list."""

_QUALITY = 88


def jpeg(picture: Picture | Painting, side: int = PREVIEW_SIDE) -> bytes:
    """Reduce a picture and encode it as JPEG; transparent areas become white."""
    samples, alpha = picture.samples, picture.alpha
    size = fit_down(picture.size, side)
    if size != picture.size:
        samples = resize(samples, size)
        alpha = None if alpha is None else resize(alpha, size)
    return output.encoded("JPEG", "the preview", samples, alpha=alpha, quality=_QUALITY)


@lru_cache(maxsize=128)
def thumbnail(name: str) -> bytes:
    """Encode a thumbnail of the picture of a built-in style.

    Raises:
        InputError: there is no such style.
    """
    return jpeg(files.load(library.picture(name)), THUMBNAIL_SIDE)
