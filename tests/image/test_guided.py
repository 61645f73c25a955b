import numpy as np
import pytest

from impasto.image import resize as resizing
from impasto.image.guided import guided_upsample
from impasto.image.resize import resize
from impasto.image.samples import to_bytes, to_float


@pytest.fixture
def photo():
    """(160, 240, 3): a sharp edge, and grain."""
    rng = np.random.default_rng(1)
    pixels = np.full((160, 240, 3), 0.3, np.float32)
    pixels[:, 120:] = 0.7
    return (pixels + rng.normal(0, 0.01, pixels.shape)).clip(0, 1).astype(np.float32)


def test_a_photo_reduced_is_nearly_itself_again(photo):
    reduced = resize(photo, (60, 40))
    error = np.abs(guided_upsample(reduced, reduced, photo) - photo)
    blurred = np.abs(resize(reduced, (240, 160)) - photo)
    edge = slice(116, 124)
    assert error[:, edge].mean() < 0.3 * blurred[:, edge].mean()


def test_edges_in_other_colours_are_as_sharp_as_the_photo(photo):
    painted = 1 - 0.5 * photo  # darker where the photo is lighter
    found = guided_upsample(resize(painted, (60, 40)), resize(photo, (60, 40)), photo)
    assert np.abs(found - painted)[:, 116:124].mean() < 0.02


def test_strokes_that_are_not_in_the_photo_are_kept():
    flat = np.full((160, 240, 3), 0.5, np.float32)
    rng = np.random.default_rng(1)
    painted = rng.random((40, 60, 3)).astype(np.float32)
    found = guided_upsample(painted, resize(flat, (60, 40)), flat)
    assert found == pytest.approx(resize(painted, (240, 160)), abs=1e-6)


def test_same_size_changes_nothing(photo):
    assert guided_upsample(photo, photo, photo) == pytest.approx(photo, abs=1e-5)


def test_a_photo_of_8_bits_gives_a_painting_of_8_bits(photo):
    coarse = to_bytes(photo)
    reduced = resize(coarse, (60, 40))
    found = guided_upsample(1 - reduced, reduced, coarse)
    assert found.dtype == np.uint8
    exact = guided_upsample(1 - reduced, reduced, to_float(coarse))
    assert np.abs(found / 255 - exact).max() <= 0.5 / 255 + 1e-6


def test_opacity_lays_the_painting_over_the_photo(photo):
    reduced = resize(photo, (60, 40))
    whole = guided_upsample(1 - reduced, reduced, photo)
    half = guided_upsample(1 - reduced, reduced, photo, opacity=0.5)
    assert half == pytest.approx((whole + photo) / 2, abs=1e-6)


def test_bands_leave_no_seam(photo, monkeypatch):
    reduced = resize(photo, (60, 40))
    whole = guided_upsample(1 - reduced, reduced, photo)
    monkeypatch.setattr(resizing, "BAND", 7 * photo.shape[1])
    assert guided_upsample(1 - reduced, reduced, photo) == pytest.approx(whole, abs=1e-5)
