"""Masks of every kind: arrays of any numbers, pictures of a single pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn
from PIL import Image

import impasto
from impasto.errors import InputError
from impasto.image import masks

from .pictures import SIZE, encoded, quarters

NUMBERS = drawn.arrays(
    st.sampled_from(["?", "u1", "u2", "<i4", ">i8", "f2", "f4", "f8", "c8", "U2", "O"]),
    st.one_of(
        drawn.array_shapes(min_dims=0, max_dims=4, max_side=6),
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3, 4])),
    ),
)
"""Arrays that a mask may and may not be given as."""


@pytest.fixture(scope="module")
def photo():
    return np.asarray(quarters())


@settings(max_examples=60, deadline=None)
@given(NUMBERS)
def test_any_array(photo, array):
    try:
        painting = impasto.stylize(photo, regions=[(array, "great-wave")])
    except InputError as problem:
        assert str(problem).isprintable()
    else:
        assert painting.size == SIZE
        assert np.isfinite(painting.pixels).all()


@settings(max_examples=60, deadline=None)
@given(
    drawn.arrays(np.float32, drawn.array_shapes(min_dims=2, max_dims=2, max_side=9),
                 elements=st.floats(0, 1, width=32)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)  # fmt: skip
def test_resizing_stays_between_black_and_white(mask, size):
    resized = masks.resize(mask, size)
    assert resized.shape == size[::-1]
    assert mask.min() - 1e-6 <= resized.min() <= resized.max() <= mask.max() + 1e-6


def test_a_mask_of_one_pixel_covers_all(photo, tmp_path):
    (tmp_path / "white.png").write_bytes(encoded(Image.new("L", (1, 1), 255), "PNG"))
    painting = impasto.stylize(photo, regions=[(tmp_path / "white.png", "great-wave")])
    assert painting.pixels == pytest.approx(impasto.stylize(photo, "great-wave").pixels, abs=1e-6)
    with pytest.raises(InputError, match="too small"):
        impasto.stylize(tmp_path / "white.png", "great-wave")
