"""The predictor knows the works whose vectors were learned."""

import pytest
import torch
import torch.nn.functional as F

from impasto.networks.painter import VECTOR
from impasto.networks.predictor import RECOGNISED, UNKNOWN, Predictor, thumbnails


@pytest.fixture
def works() -> torch.Tensor:
    """Three pictures of coarse blotches."""
    torch.manual_seed(0)
    return F.interpolate(torch.rand(3, 3, 6, 6), (96, 80), mode="bicubic").clamp(0, 1)


@pytest.fixture
def predictor(works: torch.Tensor) -> Predictor:
    predictor = Predictor(torch.randn(3, VECTOR))
    predictor.thumbnails.copy_(thumbnails(works))
    return predictor


@pytest.mark.parametrize("size", [(96, 80), (48, 40), (200, 160), (144, 120)])
def test_a_known_work_gets_its_own_vector_at_any_size(
    predictor: Predictor, works: torch.Tensor, size: tuple[int, int]
) -> None:
    scan = F.interpolate(works, size, mode="bilinear", antialias=True)
    dimmer = (0.1 + 0.7 * scan + 0.03 * torch.randn_like(scan)).clamp(0, 1)
    found = predictor.recognise(dimmer, torch.randn(3, VECTOR))
    torch.testing.assert_close(found, predictor.known)


@pytest.mark.parametrize(
    ("alike", "share"),
    [(1.0, 1.0), (RECOGNISED, 1.0), ((RECOGNISED + UNKNOWN) / 2, 0.5), (UNKNOWN, 0.0), (0.0, 0.0)],
)
def test_the_vector_changes_smoothly(predictor: Predictor, alike: float, share: float) -> None:
    image = torch.rand(1, 3, 64, 64)
    own = thumbnails(image)
    other = F.normalize(torch.randn_like(own))
    other = F.normalize(other - (other @ own.T) * own)
    predictor.thumbnails.zero_()
    predictor.thumbnails[1] = alike * own + (1 - alike**2) ** 0.5 * other
    predicted = torch.randn(1, VECTOR)
    found = predictor.recognise(image, predicted)
    expected = predicted + share * (predictor.known[1] - predicted)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=1e-3)


def test_other_works_keep_the_predicted_vector(predictor: Predictor, works: torch.Tensor) -> None:
    predicted = torch.randn(3, VECTOR)
    assert torch.equal(predictor.recognise(works.flip(3), predicted), predicted)


def test_it_knows_nothing_before_it_is_calibrated() -> None:
    predictor = Predictor(torch.randn(3, VECTOR))
    predicted = torch.randn(2, VECTOR)
    assert torch.equal(predictor.recognise(torch.rand(2, 3, 32, 24), predicted), predicted)


def test_a_thumbnail_is_the_mean_of_cells(works: torch.Tensor) -> None:
    small = F.adaptive_avg_pool2d(works, 16)
    expected = F.normalize((small - small.mean((2, 3), keepdim=True)).flatten(1))
    torch.testing.assert_close(thumbnails(works), expected)
