"""Contact sheets: one photo in many styles, each under its name."""

import math
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from impasto.image.decode import from_image
from impasto.image.files import Picture

SIDE = 256
"""Long side of a painting on the sheet in pixels."""

GAP = 12
LABEL = 26
"""Height of the strip below a painting that its name stands in."""

PAPER, INK = (255, 255, 255), (40, 40, 40)


def contact_sheet(
    pictures: Iterable[tuple[str, Image.Image]], columns: int | None = None
) -> Picture:
    """Lay pictures of one size out in rows, with names below them.

    Args:
        pictures: pairs of a name and an RGB or RGBA image; at least one.
        columns: pictures in a row; None makes the sheet about square.

    Returns:
        The sheet, transparent where its pictures are.
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
    decoded = from_image(sheet)  # not by `files.load`: what is ours may be larger than what is read
    return Picture(decoded.samples, decoded.alpha)


def _cut(name: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Cut a name to what fits."""
    while len(name) > 1 and font.getlength(name) > width:
        name = name[:-1]
    return name
