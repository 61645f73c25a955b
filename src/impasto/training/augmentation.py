"""Augment artworks, so that a network learns more styles than a collection contains.

Most works that museums have digitised are brown, soft and fine. Users also choose other styles:
primary colours in flat areas, clean edges, ink on white.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from impasto.image.samples import LUMA

FLATTENED, RECOLOURED, SHARPENED = 0.15, 0.5, 0.4
"""Fractions of the artworks that are flattened, recoloured and sharpened."""


def augment(artwork: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Augment an artwork: change its colours, sharpen it, or flatten it to few colours.

    Args:
        artwork: (H, W, 3).
        rng: decides which changes to make, and how strong they are.

    Returns:
        (H, W, 3).
    """
    flatten, recolour, sharpen = rng.random(3) < (FLATTENED, RECOLOURED, SHARPENED)
    image = Image.fromarray(artwork)
    if flatten:
        image = flattened(image, float(rng.uniform(0.5, 2)), int(rng.integers(4, 13)))
    if recolour:
        image = image.convert("RGB", tuple(colour_change(artwork.mean((0, 1)), rng).flat))
    if sharpen:
        image = image.filter(ImageFilter.UnsharpMask(1, int(rng.uniform(0, 150)), 0))
    return np.asarray(image)


def flattened(image: Image.Image, radius: float, colours: int) -> Image.Image:
    """Reduce a picture to a few colours and remove small details."""
    few = image.filter(ImageFilter.GaussianBlur(radius)).quantize(colours)
    return few.convert("RGB").filter(ImageFilter.GaussianBlur(0.5))  # antialiases the edges


def colour_change(mean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a random change of contrast, saturation and brightness, and in half the cases of hue.

    Args:
        mean: (3,), the picture's mean colour, from 0 to 255; contrast changes around its lightness.
        rng: decides how strong the change is.

    Returns:
        (3, 4): a matrix, and in the last column an offset, for colours from 0 to 255.
    """
    contrast, saturation = np.exp(rng.uniform((-0.3, -0.4), (0.6, 0.8)))
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else 0.0
    brightness = np.tile(LUMA, (3, 1))
    matrix = contrast * brightness + saturation * _hue_turned(angle) @ (np.eye(3) - brightness)
    grey = LUMA @ mean
    shift = (1 - contrast) * grey + rng.uniform(-25, 25)
    return np.column_stack([matrix, np.full(3, shift)])


def _hue_turned(angle: float) -> NDArray[np.float64]:
    """Build the rotation matrix (3, 3) about the grey axis (Rodrigues' formula)."""
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    along = np.full((3, 3), 1 / 3)
    turned: NDArray[np.float64]
    turned = np.cos(angle) * np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * along
    return turned
