"""Contact sheets: one photo in many styles, each under its name."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIDE = 256
"""Long side of a painting on the sheet in pixels."""

GAP = 12
LABEL = 26
"""Height of the strip below a painting that its name stands in."""

PAPER, INK = (255, 255, 255), (40, 40, 40)


def contact_sheet(
    pictures: Iterable[tuple[str, NDArray[np.float32]]], columns: int | None = None
) -> NDArray[np.float32]:
    """Pictures of one size in rows, names below them.

    Args:
        pictures: pairs of a name and (H, W, 3) pixels in [0, 1]; at least one.
        columns: pictures in a row; None makes the sheet about square.

    Returns:
        (H, W, 3) in [0, 1].
    """
    named = list(pictures)
    height, width = named[0][1].shape[:2]
    columns = columns or math.ceil(math.sqrt(len(named) * (height + LABEL) / width))
    rows = math.ceil(len(named) / columns)
    size = GAP + columns * (width + GAP), GAP + rows * (height + LABEL + GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, (name, pixels) in enumerate(named):
        row, column = divmod(number, columns)
        left, top = GAP + column * (width + GAP), GAP + row * (height + LABEL + GAP)
        sheet.paste(Image.fromarray(np.rint(pixels * 255).astype(np.uint8)), (left, top))
        pen.text((left, top + height + 4), _cut(name, width, font), INK, font)
    finished: NDArray[np.float32] = np.asarray(sheet, np.float32) / np.float32(255)
    return finished


def _cut(name: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of the name as fits."""
    while len(name) > 1 and font.getlength(name) > width:
        name = name[:-1]
    return name
