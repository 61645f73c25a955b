import numpy as np
import pytest

from impasto.image.guided import enlarge
from impasto.image.resize import resize


@pytest.fixture
def photo():
    """(160, 240, 3): a sharp edge, and grain."""
    rng = np.random.default_rng(1)
    pixels = np.full((160, 240, 3), 0.3, np.float32)
    pixels[:, 120:] = 0.7
    return (pixels + rng.normal(0, 0.01, pixels.shape)).clip(0, 1).astype(np.float32)


def test_a_photo_reduced_is_nearly_itself_again(photo):
    reduced = resize(photo, (60, 40))
    error = np.abs(enlarge(reduced, photo) - photo)
    blurred = np.abs(resize(reduced, (240, 160)) - photo)
    edge = slice(116, 124)
    assert error[:, edge].mean() < 0.3 * blurred[:, edge].mean()


def test_edges_in_other_colours_are_as_sharp_as_the_photo(photo):
    painted = 1 - 0.5 * photo  # darker where the photo is lighter
    found = enlarge(resize(painted, (60, 40)), photo)
    assert np.abs(found - painted)[:, 116:124].mean() < 0.02


def test_strokes_that_are_not_in_the_photo_are_kept():
    flat = np.full((160, 240, 3), 0.5, np.float32)
    rng = np.random.default_rng(1)
    painted = rng.random((40, 60, 3)).astype(np.float32)
    assert enlarge(painted, flat) == pytest.approx(resize(painted, (240, 160)), abs=1e-6)


def test_same_size_changes_nothing(photo):
    assert enlarge(photo, photo) == pytest.approx(photo, abs=1e-5)
