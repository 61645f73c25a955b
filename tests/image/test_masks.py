import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impasto.image import masks

MASKS = arrays(np.float32, (5, 7), elements=st.floats(0, 1, width=32))


def test_grey_is_a_mask_of_its_value():
    pixels = np.full((4, 6, 3), 0.25, np.float32)
    assert masks.from_pixels(pixels) == pytest.approx(np.full((4, 6), 0.25))


@pytest.mark.parametrize("size", [(6, 4), (60, 41), (13, 5), (1, 1)])
def test_resizing_reaches_the_size_and_does_not_ring(size):
    mask = np.zeros((20, 40), np.float32)
    mask[:, :20] = 1
    found = masks.resize(mask, size)
    assert found.shape == (size[1], size[0])
    assert found.mean() == pytest.approx(0.5, abs=0.05)
    assert (np.diff(found, axis=1) <= 1e-6).all()


def test_a_mask_of_the_size_asked_for_stays_as_it_is():
    mask = np.random.default_rng(1).random((20, 40), np.float32)
    assert np.array_equal(masks.resize(mask, (40, 20)), mask)


@given(st.lists(MASKS, min_size=1, max_size=4))
def test_masks_share_what_they_cover(given_masks):
    found = masks.normalize(given_masks)
    total = np.sum(found, axis=0)
    assert total == pytest.approx(np.minimum(np.sum(given_masks, axis=0), 1), abs=1e-5)
    assert masks.uncovered(found) == pytest.approx(1 - total, abs=1e-5)
    for before, after in zip(given_masks, found, strict=True):
        assert after.dtype == np.float32
        assert (after <= before).all()


def test_a_mask_alone_is_not_changed():
    mask = np.random.default_rng(1).random((20, 40), np.float32)
    (found,) = masks.normalize([mask])
    assert np.array_equal(found, mask)
