"""Fingerprints of arrays."""

import numpy as np
import pytest

from impasto.system.fingerprint import fingerprint

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    "other",
    [
        ARRAY + np.float32(1e-6),
        ARRAY.reshape(4, 3),
        ARRAY.view(np.int32),
        ARRAY.astype(np.float64),
        ARRAY[:2],
    ],
)
def test_it_changes_with_values_shape_and_type(other):
    assert fingerprint([other]) != fingerprint([ARRAY])


def test_it_changes_with_the_order_and_the_number_of_arrays():
    zeros = np.zeros(2)
    found = {fingerprint(arrays) for arrays in ([ARRAY, zeros], [zeros, ARRAY], [ARRAY], [])}
    assert len(found) == 4


def test_it_does_not_depend_on_how_an_array_lies_in_memory():
    assert fingerprint([np.asfortranarray(ARRAY)]) == fingerprint([ARRAY])


def test_a_tensor_is_as_its_array():
    torch = pytest.importorskip("torch")
    assert fingerprint([torch.from_numpy(ARRAY)]) == fingerprint([ARRAY])


def test_it_is_short_enough_to_be_read():
    assert len(fingerprint([ARRAY])) == 16
