import numpy as np
import pytest

from impasto.image.files import Picture
from impasto.scene import Part, Region, Scene, WeightedStyle

PHOTO = Picture(np.zeros((20, 30, 3), np.float32))


def mask(*columns):
    """One row of values, a column each."""
    return np.array([columns], np.float32)


def part(*columns, strength=1.0):
    return Part((WeightedStyle("style"),), mask(*columns) if columns else None, strength)


def laid(*parts, size=(4, 1)):
    return Scene(PHOTO, parts).at(size)


def test_a_single_part_is_everywhere():
    [only] = laid(part())
    assert only.mask is None


def test_the_last_part_gets_what_is_left():
    region, rest = laid(part(1, 1, 0.25, 0), part())
    assert region.mask == pytest.approx(mask(1, 1, 0.25, 0))
    assert rest.mask == pytest.approx(mask(0, 0, 0.75, 1))


def test_parts_that_overlap_share_the_place():
    first, second = laid(part(1, 1, 0, 0.5), part(1, 0, 0, 0))
    assert first.mask == pytest.approx(mask(0.5, 1, 0, 0.5))
    assert second.mask == pytest.approx(mask(0.5, 0, 0, 0))


def test_what_is_not_to_be_painted_keeps_its_place():
    nothing, rest = laid(part(1, 1, 0, 0, strength=0), part())
    assert nothing is None
    assert rest.mask == pytest.approx(mask(0, 0, 1, 1))
    region, none = laid(part(1, 1, 1, 1), part())
    assert region is not None
    assert none is None
    assert laid(part(strength=0)) == [None]


def test_masks_are_stretched_over_the_picture():
    [region] = laid(part(1, 0), size=(8, 4))
    assert region.mask.shape == (4, 8)
    assert region.mask[:, 0].min() == 1
    assert region.mask[:, -1].max() == 0


def composite(*parts, values=()):
    """What one row of four grey pixels becomes where parts are painted in these values."""
    photo = np.full((1, 4, 3), 0.5, np.float32)
    scene = Scene(PHOTO, parts)
    painted = scene.composite(photo, lambda number, _: np.full_like(photo, values[number]))
    return painted[0, :, 0]


def test_composite():
    both = part(1, 1, 0.5, 0), part(0, 0, 0, 1)
    assert composite(*both, values=(1.0, 0.0)) == pytest.approx([1, 1, 0.75, 0])
    assert composite(part(), values=(0.25,)) == pytest.approx([0.25] * 4)
    none = part(1, 1, 0, 0, strength=0)
    assert composite(none, part(), values=(9, 0.25)) == pytest.approx([0.5, 0.5, 0.25, 0.25])


def test_a_scene_without_parts_is_the_photo_itself_not_a_view():
    photo = np.zeros((1, 4, 3), np.uint8)
    unchanged = Scene(PHOTO, ()).composite(photo, None)
    assert unchanged.dtype == np.uint8
    assert not np.shares_memory(unchanged, photo)


def test_a_region_is_a_tuple_with_names():
    assert Region("mask", "style") == ("mask", "style", 1.0)
