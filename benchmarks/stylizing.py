"""The work of `impasto stylize`: its parts, warm and in memory."""

from collections.abc import Callable

from benchmarks.pictures import PHOTO, STYLE, pixels, square
from impasto.feedforward.encoder import encode
from impasto.feedforward.stylizer import render
from impasto.styles.library import shipped


def one_pass(side: int) -> Callable[[], object]:
    """Paints a photo of (side, side) pixels, at that size, in a style that is known."""
    photo, style = pixels(square(PHOTO, side)), shipped()["great-wave"]
    return lambda: render(photo, style)


def style(side: int) -> Callable[[], object]:
    """Makes a style of a picture of (side, side) pixels."""
    picture = pixels(square(STYLE, side))
    return lambda: encode(picture)
