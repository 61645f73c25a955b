import torch

from impasto.training.steps import SHIFT, shifted


def test_both_images_are_shifted_alike() -> None:
    image = torch.rand(2, 3, 48, 40)
    one, other = shifted(image, -image)
    assert one.shape == (2, 3, 48 - SHIFT, 40 - SHIFT)
    torch.testing.assert_close(one, -other)
    assert len({float(shifted(image)[0][0, 0, 0, 0]) for _ in range(20)}) > 1
