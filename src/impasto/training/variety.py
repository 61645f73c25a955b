"""Varies what is trained on: stranger artworks and plainer photos than collections hold.

What museums digitise is mostly brown, soft and finely worked. Users bring what is not: primary
colours in flat areas, clean edges, ink on white.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from impasto.image.samples import LUMA

FLATTENED, RECOLOURED, SHARPENED = 0.15, 0.5, 0.4
"""How many artworks of all are treated so."""


SHAPES = 4
"""At most so many shapes are drawn on a plain ground."""


def graphic(size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw some plain shapes on a plain ground, as logos, icons and product photos have them.

    Where nearly all of a picture is plain, normalization makes much of its few edges. A painter
    that met photos alone draws rings around them.

    Args:
        size: side of the picture in pixels.
        rng: decides on the shapes and their colours.

    Returns:
        (size, size, 3).
    """
    side = 3 * size  # reduced below, for smooth edges
    image = Image.new("RGB", (side, side), _colour(rng))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, SHAPES + 1))):
        x, y = rng.uniform(0, side, 2)
        radius = side * float(np.exp(rng.uniform(np.log(0.05), np.log(0.4))))
        box = (x - radius, y - radius * rng.uniform(0.4, 1), x + radius, y + radius)
        kind = rng.integers(3)
        if kind == 0:
            draw.ellipse(box, _colour(rng))
        elif kind == 1:
            corners = int(rng.integers(3, 7))
            draw.regular_polygon((x, y, radius), corners, float(rng.uniform(0, 360)), _colour(rng))
        else:
            width = max(3, int(radius * rng.uniform(0.05, 0.3)))
            draw.arc(box, *sorted(rng.uniform(0, 720, 2)), fill=_colour(rng), width=width)
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Draw a colour; white, black and greys are as frequent as all others."""
    red, green, blue = (int(v) for v in rng.integers(0, 256, 3))
    grey = int(rng.choice([0, 255, red]))
    return (grey, grey, grey) if rng.random() < 0.5 else (red, green, blue)


def varied(artwork: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Vary an artwork: other colours, sharper, or painted in flat areas.

    Args:
        artwork: (H, W, 3).
        rng: decides what is done, and how far.

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
    """Reduce a picture to a few colours, without what is smaller than some pixels."""
    few = image.filter(ImageFilter.GaussianBlur(radius)).quantize(colours)
    return few.convert("RGB").filter(ImageFilter.GaussianBlur(0.5))  # no stairs along edges


def colour_change(mean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw another contrast, saturation and brightness, and half the time other hues.

    Args:
        mean: (3,), of the picture, in 0 to 255; a grey of that lightness only gets the brightness.
        rng: decides how far.

    Returns:
        (3, 4): a matrix and, in its last column, what is added, for colours in 0 to 255.
    """
    contrast, saturation = np.exp(rng.uniform((-0.3, -0.4), (0.6, 0.8)))
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else 0.0
    brightness = np.tile(LUMA, (3, 1))
    matrix = contrast * brightness + saturation * _hue_turned(angle) @ (np.eye(3) - brightness)
    grey = LUMA @ mean
    shift = (1 - contrast) * grey + rng.uniform(-25, 25)
    return np.column_stack([matrix, np.full(3, shift)])


def _hue_turned(angle: float) -> NDArray[np.float64]:
    """Build the rotation (3, 3) about the axis of greys (Rodrigues' formula)."""
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    along = np.full((3, 3), 1 / 3)
    turned: NDArray[np.float64]
    turned = np.cos(angle) * np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * along
    return turned
