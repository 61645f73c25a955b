"""Odd and broken pictures through the whole of `stylize`: a painting, or an error of one line."""

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError
from impasto.image import files

from . import corpus

LEAST = 200
"""Odd pictures that there are to be."""

IMAGE_MODES = ("1", "L", "P", "PA", "LA", "La", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr",
               "LAB", "HSV", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # fmt: skip
"""The modes that an image of Pillow's can have in memory."""

TOLERANCE = 0.16
"""Of a quarter's colour: JPEG, dithering and the way to LAB and back change it."""


def test_the_corpus_is_large_and_the_same_every_time():
    names = [odd.name for family in corpus.FAMILIES for odd in family()]
    assert len(names) == len(set(names)) >= LEAST
    again = [odd.content for odd in corpus.flips()]
    assert again == [odd.content for odd in corpus.flips()]


@pytest.mark.parametrize("family", corpus.FAMILIES, ids=lambda family: family.__name__)
def test_a_painting_or_one_line(family, tmp_path):
    for number, odd in enumerate(family()):
        # A folder for each shows whether anything is left behind.
        folder = tmp_path / str(number)
        folder.mkdir()
        photo, painting = folder / odd.name, folder / "painting.out.png"
        photo.write_bytes(odd.content)
        try:
            impasto.stylize(photo, "great-wave", work_size=64).save(painting)
        except InputError as problem:
            assert odd.size is None or odd.doubtful, problem
            assert str(problem).startswith(f"{photo}: ")
            assert len(str(problem).splitlines()) == 1
            assert list(folder.iterdir()) == [photo]
            continue
        assert odd.size is not None or odd.doubtful, odd.name
        assert {*folder.iterdir()} == {photo, painting}
        with Image.open(painting) as opened:
            opened.load()
            assert odd.size in (None, opened.size), odd.name
        if odd.corners is not None:
            assert shown(photo) == pytest.approx(_rgb(odd.corners), abs=TOLERANCE), odd.name


def shown(photo):
    """(2, 2, 3): the colours in the middle of the quarters of a photo as it is painted."""
    pixels = files.read(photo).pixels
    height, width = pixels.shape[:2]
    return pixels[height // 4 :: height // 2, width // 4 :: width // 2]


def _rgb(corners):
    whole = corners if corners.ndim == 3 else np.repeat(corners[..., None], 3, axis=2)
    return whole / 255


@pytest.mark.parametrize("mode", IMAGE_MODES)
def test_an_image_of_every_mode(mode):
    image = Image.new(mode, corpus.SIZE)
    assert impasto.stylize(image, "great-wave", work_size=64).size == corpus.SIZE
