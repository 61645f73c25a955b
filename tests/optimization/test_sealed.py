"""Values with tensors in a file: they come back, and damage is noticed."""

import pytest
import torch
from safetensors.torch import load

from impasto.optimization import sealed

VALUES = {
    "none": None,
    "numbers": [1, 0.1, True, "text", (2, [3.0])],
    "state": {0: {"step": torch.tensor(3.0), "average": torch.randn(1, 3, 4, 5)}},
    "same": [torch.ones(2), torch.zeros(0), torch.arange(3)],
}


def test_values_come_back():
    found = sealed.unpack(sealed.pack(VALUES))
    assert list(found) == list(VALUES)
    assert found["none"] is None
    assert found["numbers"] == VALUES["numbers"]
    torch.testing.assert_close(found["state"], VALUES["state"], rtol=0, atol=0)
    torch.testing.assert_close(found["same"], VALUES["same"], rtol=0, atol=0)


def test_tensors_that_share_memory_come_back():
    whole = torch.arange(6.0)
    found = sealed.unpack(sealed.pack([whole, whole[:3], whole.view(2, 3).T]))
    assert torch.equal(found[2], whole.view(2, 3).T)


def test_other_programs_can_read_the_tensors():
    assert torch.equal(load(sealed.pack({"a": torch.ones(2)}))["0"], torch.ones(2))


def test_every_flipped_bit_is_noticed():
    content = sealed.pack(VALUES)
    for place in range(0, len(content), 7):
        spoilt = bytearray(content)
        spoilt[place] ^= 1
        try:
            found = sealed.unpack(bytes(spoilt))
        except Exception:  # of any kind: the header can become anything
            continue
        assert str(found) == str(VALUES)  # a bit of the padding


@pytest.mark.parametrize("length", [60, 100, -1])
def test_a_file_cut_short_is_damaged(length):
    with pytest.raises(sealed.DamagedError):
        sealed.unpack(sealed.pack(VALUES)[:length])
