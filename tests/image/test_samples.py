import numpy as np
import pytest

from impasto.image.samples import to_bytes, to_float


def test_bytes_survive_the_way_to_floats_and_back():
    values = np.arange(256, dtype=np.uint8)
    floats = to_float(values)
    assert floats.dtype == np.float32
    assert floats[[0, 51, 255]] == pytest.approx([0, 0.2, 1])
    assert np.array_equal(to_bytes(floats), values)


def test_floats_and_bytes_are_not_copied():
    floats, values = np.zeros(4, np.float32), np.zeros(4, np.uint8)
    assert to_float(floats) is floats
    assert to_bytes(values) is values


def test_to_bytes_clips():
    assert to_bytes(np.array([-1, 0.5, 2], np.float32)).tolist() == [0, 128, 255]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_to_bytes_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="not finite"):
        to_bytes(np.array([0.5, value], np.float32))
