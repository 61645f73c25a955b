"""Contact sheets: one photo in many styles, each with its name."""

import math
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from impasto.image.decode import from_image
from impasto.image.files import Picture

SIDE = 256
"""Long side of a painting on the sheet in pixels."""

GAP = 12
LABEL = 26
"""Height in pixels of the strip with the name below a painting."""

PAPER, INK = (255, 255, 255), (40, 40, 40)


def contact_sheet(
    pictures: Iterable[tuple[str, Image.Image]], columns: int | None = None
) -> Picture:
    """Arrange pictures of one size in rows, with their names below.

    Args:
        pictures: pairs of a name and an RGB or RGBA image; at least one.
        columns: pictures in a row; None for a sheet that is about square.

    Returns:
        The sheet, transparent where its pictures are transparent.
    """
    named = list(pictures)
    width, height = named[0][1].size
    columns = columns or math.ceil(math.sqrt(len(named) * (height + LABEL) / width))
    rows = math.ceil(len(named) / columns)
    size = GAP + columns * (width + GAP), GAP + rows * (height + LABEL + GAP)
    sheet = Image.new("RGBA", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, (name, picture) in enumerate(named):
        row, column = divmod(number, columns)
        left, top = GAP + column * (width + GAP), GAP + row * (height + LABEL + GAP)
        sheet.paste(picture.convert("RGBA"), (left, top))
        pen.text((left, top + height + 4), _cut(name, width, font), INK, font)
    decoded = from_image(sheet)  # `files.load` would refuse a large sheet
    return Picture(decoded.samples, decoded.alpha)


def _cut(name: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Shorten a name to a width in pixels."""
    while len(name) > 1 and font.getlength(name) > width:
        name = name[:-1]
    return name
