import numpy as np
import pytest

from impasto.errors import SettingError
from impasto.image.files import Picture
from impasto.scene import Region, Scene

PHOTO = Picture(np.zeros((20, 30, 3), np.float32))


def test_sizes_keep_the_shape():
    scene = Scene(PHOTO, ())
    assert scene.painted_size(None) == (30, 20)
    assert scene.painted_size(60) == (60, 40)
    assert scene.painted_size(24) == (24, 16)
    with pytest.raises(SettingError, match="size 20 makes a painting of 20 x 13 pixels; both"):
        scene.painted_size(20)


def mask(*columns):
    """One row of values, a column each."""
    return np.array([columns], np.float32)


def region(*columns, weight=1.0):
    return Region(mask(*columns) if columns else None, "style", weight)


def laid(*regions, size=(4, 1)):
    return Scene(PHOTO, regions).at(size)


def test_a_single_region_is_everywhere():
    [only] = laid(region())
    assert only.mask is None


def test_the_last_region_gets_what_is_left():
    first, rest = laid(region(1, 1, 0.25, 0), region())
    assert first.mask == pytest.approx(mask(1, 1, 0.25, 0))
    assert rest.mask == pytest.approx(mask(0, 0, 0.75, 1))


def test_regions_that_overlap_share_the_place():
    first, second = laid(region(1, 1, 0, 0.5), region(1, 0, 0, 0))
    assert first.mask == pytest.approx(mask(0.5, 1, 0, 0.5))
    assert second.mask == pytest.approx(mask(0.5, 0, 0, 0))


def test_what_is_not_to_be_painted_keeps_its_place():
    nothing, rest = laid(region(1, 1, 0, 0, weight=0), region())
    assert nothing is None
    assert rest.mask == pytest.approx(mask(0, 0, 1, 1))
    first, none = laid(region(1, 1, 1, 1), region())
    assert first is not None
    assert none is None
    assert laid(region(weight=0)) == [None]


def test_masks_are_stretched_over_the_picture():
    [stretched] = laid(region(1, 0), size=(8, 4))
    assert stretched.mask.shape == (4, 8)
    assert stretched.mask[:, 0].min() == 1
    assert stretched.mask[:, -1].max() == 0


def composite(*regions, values=()):
    """What one row of four grey pixels becomes where regions are painted in these values."""
    photo = np.full((1, 4, 3), 0.5, np.float32)
    scene = Scene(PHOTO, regions)
    painted = scene.composite(photo, lambda number, _: np.full_like(photo, values[number]))
    return painted[0, :, 0]


def test_composite():
    both = region(1, 1, 0.5, 0), region(0, 0, 0, 1)
    assert composite(*both, values=(1.0, 0.0)) == pytest.approx([1, 1, 0.75, 0])
    assert composite(region(), values=(0.25,)) == pytest.approx([0.25] * 4)
    none = region(1, 1, 0, 0, weight=0)
    assert composite(none, region(), values=(9, 0.25)) == pytest.approx([0.5, 0.5, 0.25, 0.25])


def test_a_scene_without_regions_is_the_photo_itself_not_a_view():
    photo = np.zeros((1, 4, 3), np.uint8)
    unchanged = Scene(PHOTO, ()).composite(photo, None)
    assert unchanged.dtype == np.uint8
    assert not np.shares_memory(unchanged, photo)


def test_a_region_is_a_tuple_with_names():
    assert Region("mask", "style") == ("mask", "style", 1.0)
