"""What the shipped networks paint, held against pictures of it: `goldens/MODEL.png`.

Another ONNX Runtime or processor may round otherwise; it must not paint visibly otherwise. Where
other weights are meant to, renew the pictures, look at them, and say so in the changelog:

    python -m tests.feedforward.test_goldens
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.feedforward.model import ModelStyle, shipped
from impasto.feedforward.render import render
from impasto.image.files import Picture, read
from impasto.image.resize import fit_down, resize
from impasto.scene import Region, Scene
from impasto.settings import StylizeSettings
from impasto.styles import library

FOLDER = Path(__file__).with_name("goldens")
PHOTO = Path(__file__).parents[2] / "samples/photos/astronaut.jpg"
SIDE = 64

STYLES = ("great-wave", "starry-night", "the-scream", "udnie", "irises", "composition-vii")

MEAN, LARGEST = 1.5 / 255, 24 / 255
"""How far pixels may be from the golden ones, on average and at the most."""


def sheet(model) -> np.ndarray:
    """The photo in every style side by side, (SIDE, n SIDE, 3); black where it reads no style."""
    photo = read(PHOTO)
    small = Picture(resize(photo.samples, fit_down(photo.size, SIDE)))
    tiles = []
    for name in STYLES:
        style = library.shipped()[name]
        if model.spec.style_space not in style.vectors:
            tiles.append(np.zeros((SIDE, SIDE, 3), np.float32))
            continue
        scene = Scene(small, (Region(None, ModelStyle(model, style)),))
        tiles.append(render(scene, StylizeSettings()).samples)
    return np.hstack(tiles)


@pytest.mark.parametrize("model", shipped("cpu"), ids=lambda model: model.spec.name)
def test_what_ships_paints_as_it_did(model):
    with Image.open(FOLDER / f"{model.spec.name}.png") as image:
        golden = np.asarray(image, np.float32) / 255
    difference = np.abs(sheet(model) - golden)
    assert difference.mean() < MEAN
    assert difference.max() < LARGEST


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in shipped("cpu"):
        pixels = np.rint(sheet(each) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(FOLDER / f"{each.spec.name}.png")
