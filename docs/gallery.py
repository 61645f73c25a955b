"""Renders the pictures in docs/gallery/, which README and docs/ show.

    python docs/gallery.py                  all of them
    python docs/gallery.py regions mix      only these

They are made of the photos in samples/ and of the built-in styles, whose licences allow it: see
samples/README.md and src/impasto/assets/styles.tsv.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

import impasto
from impasto.image.resize import fit, resize
from impasto.image.samples import to_bytes
from impasto.image.sheet import contact_sheet
from impasto.styles.names import PICTURES

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT / "samples/photos"
ASTRONAUT, CHELSEA = PHOTOS / "astronaut.jpg", PHOTOS / "chelsea.jpg"
COFFEE = PHOTOS / "coffee.jpg"

WIDTH = 1280
"""Of a whole sheet in pixels, about; a page shows it at three quarters of that."""

DETAIL = 1.5
"""How much larger a painting is painted than it is shown."""

QUALITY = 82
"""Of the JPEG files: all of them together are to stay below 1 MB."""

Panel: TypeAlias = tuple[str, Any]
"""A caption and an array (H, W, 3) in [0, 1]."""


def portrait(side: int) -> list[Panel]:
    """Paint a portrait in five of the built-in styles."""
    names = ("great-wave", "dance", "elephant-mosaic", "starry-night", "composition-vii")
    paintings = {name: impasto.stylize(ASTRONAUT, name, size=side) for name in names}
    photo = cut(ASTRONAUT, paintings["great-wave"].size)
    return [("photo", photo), *((name, p.pixels) for name, p in paintings.items())]


def wave(side: int) -> list[Panel]:
    """Paint a cup of coffee in the style of The Great Wave, by both engines."""
    fast = impasto.stylize(COFFEE, "great-wave", size=side)
    slow = impasto.optimize(COFFEE, "great-wave", size=side)
    return [
        ("photo", cut(COFFEE, fast.size)),
        ("great-wave", cut(PICTURES / "great-wave.jpg", fast.size)),
        ("impasto stylize", fast.pixels),
        ("impasto optimize", slow.pixels),
    ]


def styles(side: int) -> list[Panel]:
    """Paint a cat in eight of the bolder built-in styles."""
    names = ("elephant-mosaic", "dance", "calavera", "four-aces")
    names += ("caligari", "goldfish", "red-horse", "udnie")
    return [(name, impasto.stylize(CHELSEA, name, size=side).pixels) for name in names]


def mix(side: int) -> list[Panel]:
    """Paint what lies between an engraving and an abstract painting."""
    start, end = impasto.load_style("calavera"), impasto.load_style("composition-vii")
    between = {t: impasto.interpolate(start, end, t) for t in (0, 0.25, 0.5, 0.75, 1)}
    return [
        (f"{t:.0%}", impasto.stylize(ASTRONAUT, style, size=side).pixels)
        for t, style in between.items()
    ]


def regions(side: int) -> list[Panel]:
    """Paint a style on either side, with a mask that fades from one to the other."""
    mask = Image.linear_gradient("L").rotate(90)
    painting = impasto.stylize(
        ASTRONAUT, "composition-vii", regions=[(mask, "starry-night")], size=side
    )
    return [
        ("photo", cut(ASTRONAUT, painting.size)),
        ("mask", cut(mask, painting.size)),
        ("composition-vii, starry-night where white", painting.pixels),
    ]


def colours(side: int) -> list[Panel]:
    """Paint the four answers to whose colours a painting has."""
    ways = ("style", "luminance", "linear", "histogram")
    return [
        (f"--colour {way}", impasto.stylize(CHELSEA, "irises", size=side, colour=way).pixels)
        for way in ways
    ]


GALLERY: dict[str, tuple[Callable[[int], list[Panel]], int]] = {
    "portrait": (portrait, 3),
    "wave": (wave, 4),
    "styles": (styles, 4),
    "mix": (mix, 5),
    "regions": (regions, 3),
    "colours": (colours, 4),
}
"""What makes the panels of a sheet, and how many stand in a row."""


def cut(source: Path | Image.Image, size: tuple[int, int]) -> Any:
    """Cut the middle of a picture at (width, height) out, as an array (H, W, 3) in [0, 1]."""
    image = source if isinstance(source, Image.Image) else Image.open(source)
    return np.asarray(ImageOps.fit(image.convert("RGB"), size), np.float32) / 255


def reduced(pixels: Any, side: int) -> Image.Image:
    """Reduce a panel (H, W, 3) to a long side of `side` pixels."""
    return Image.fromarray(to_bytes(resize(pixels, fit((pixels.shape[1], pixels.shape[0]), side))))


def main(words: Sequence[str] | None = None) -> None:
    """Render the sheets that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(GALLERY)}")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/gallery", help="where to")
    parser.add_argument("--width", type=int, default=WIDTH, help="of a sheet in pixels")
    arguments = parser.parse_args(words)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or GALLERY:
        make, columns = GALLERY[name]
        side = arguments.width // columns
        panels = make(round(DETAIL * side))
        sheet = contact_sheet([(caption, reduced(p, side)) for caption, p in panels], columns)
        path = arguments.out / f"{name}.jpg"
        picture = Image.fromarray(to_bytes(sheet.samples))
        picture.save(path, quality=QUALITY, progressive=True, optimize=True)
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
