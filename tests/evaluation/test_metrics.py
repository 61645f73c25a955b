import pytest
import torch

from impasto.evaluation.metrics import distances


def picture(seed, side=96):
    noise = torch.rand(1, 3, side // 8, side // 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(noise, (side, side), mode="bicubic").clamp(0, 1)


def test_the_photo_itself_has_no_content_distance(judge):
    found = distances(judge, picture(1), picture(1), picture(2))
    assert found.content == pytest.approx(0, abs=1e-6)
    assert found.style > 0.05


def test_the_style_itself_has_no_style_distance(judge):
    found = distances(judge, picture(2), picture(1), picture(2))
    assert found.style == pytest.approx(0, abs=1e-6)
    assert found.content > 0.3


@pytest.mark.parametrize("seed", [1, 4, 7])
def test_unrelated_pictures_are_far_apart(judge, seed):
    """Not quite at 1, which is for uncorrelated features: smooth pictures have some in common."""
    photo, painting, style = (picture(seed + k) for k in range(3))
    assert 0.4 < distances(judge, painting, photo, style).content < 1.2


def test_a_mixture_lies_between(judge):
    photo, style = picture(1), picture(2)
    half = distances(judge, 0.5 * photo + 0.5 * style, photo, style)
    assert 0 < half.content < distances(judge, style, photo, style).content
