"""Small pictures for pages."""

import io

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.image import files
from impasto.web.pictures import PREVIEW_SIDE, THUMBNAIL_SIDE, jpeg, thumbnail

from .running import opened


@pytest.mark.parametrize(
    ("size", "shown"),
    [((64, 48), (64, 48)), ((2000, 1000), (PREVIEW_SIDE, PREVIEW_SIDE // 2))],
)
def test_large_pictures_are_reduced_and_small_ones_stay(size, shown, blotches):
    assert opened(jpeg(files.load(blotches(1, *size)))).size == shown
    assert opened(jpeg(files.load(blotches(1, 64, 48)), side=32)).size == (32, 24)


@pytest.mark.parametrize("side", [PREVIEW_SIDE, 32])
def test_transparent_areas_are_white(side):
    glass = Image.new("RGBA", (64, 64), (0, 0, 255, 255))
    glass.paste((0, 0, 0, 0), (0, 0, 64, 32))
    shown = np.asarray(opened(jpeg(files.load(glass), side)))
    assert shown[2, 2].min() > 245
    assert shown[-3, 2] == pytest.approx([0, 0, 255], abs=12)


def test_a_thumbnail_is_small_and_drawn_once():
    picture = thumbnail("great-wave")
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "JPEG"
        assert max(image.size) == THUMBNAIL_SIDE
    assert thumbnail("great-wave") is picture
    with pytest.raises(InputError):
        thumbnail("no-such-style")
