"""The work of `impasto stylize`: its parts, warm and in memory."""

from collections.abc import Callable

from benchmarks.pictures import PHOTO, STYLE, pixels, square
from impasto.feedforward import model
from impasto.feedforward.render import render
from impasto.image.files import Picture
from impasto.scene import Region, Scene
from impasto.settings import LARGEST, StylizeSettings
from impasto.styles.library import shipped


def one_pass(side: int) -> Callable[[], object]:
    """Paints a photo of (side, side) pixels, at that size, in a style that is known."""
    style = model.choose(model.shipped("auto"), shipped()["great-wave"])
    scene = Scene(Picture(pixels(square(PHOTO, side))), (Region(None, style),))
    settings = StylizeSettings(work_size=LARGEST)
    return lambda: render(scene, settings)


def style(side: int) -> Callable[[], object]:
    """Measure the style of a picture of (side, side) pixels."""
    picture = pixels(square(STYLE, side))
    models = model.shipped("auto")
    return lambda: model.encode(models, picture)
