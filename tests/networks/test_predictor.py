"""The predictor knows the works whose vectors were learned."""

import pytest
import torch
import torch.nn.functional as F

from impasto.networks.painter import VECTOR
from impasto.networks.predictor import RECOGNISED, UNKNOWN, Predictor, correlations, thumbnail


@pytest.fixture
def works() -> torch.Tensor:
    """Three pictures of coarse blotches."""
    torch.manual_seed(0)
    return F.interpolate(torch.rand(3, 3, 6, 6), (96, 80), mode="bicubic").clamp(0, 1)


@pytest.fixture
def predictor(works: torch.Tensor) -> Predictor:
    predictor = Predictor(torch.randn(3, VECTOR))
    predictor.thumbnails.copy_(thumbnail(works))
    return predictor


@pytest.mark.parametrize("size", [(96, 80), (48, 40), (200, 160), (144, 120)])
def test_a_known_work_gets_its_own_vector_at_any_size(
    predictor: Predictor, works: torch.Tensor, size: tuple[int, int]
) -> None:
    scan = F.interpolate(works, size, mode="bilinear", antialias=True)
    dimmer = (0.1 + 0.7 * scan + 0.03 * torch.randn_like(scan)).clamp(0, 1)
    found = predictor.recognise(dimmer, torch.randn(3, VECTOR))
    torch.testing.assert_close(found, predictor.known)


def test_the_vector_changes_smoothly(predictor: Predictor, works: torch.Tensor) -> None:
    own, other = thumbnail(works)[:1], thumbnail(works.flip(3))[:1]
    predicted = torch.randn(1, VECTOR)
    shares = []
    for mixed in torch.linspace(0, 1, 200):
        predictor.thumbnails[0] = torch.lerp(own, other, mixed)[0]
        alike = correlations(own, predictor.thumbnails[:1])
        found = predictor.recognise(works[:1], predicted)
        share = ((alike - UNKNOWN) / (RECOGNISED - UNKNOWN)).clamp(0, 1)
        torch.testing.assert_close(found, torch.lerp(predicted, predictor.known[:1], share))
        shares.append(float(share))
    assert shares[0] == 1
    assert shares[-1] == 0
    assert any(0.3 < share < 0.7 for share in shares)


def test_margins_do_not_make_works_alike(predictor: Predictor, works: torch.Tensor) -> None:
    framed = F.pad(works, (8,) * 4, value=1.0)
    predictor.thumbnails.copy_(thumbnail(framed))
    predicted = torch.randn(1, VECTOR)
    grey = F.pad(0.4 + 0.1 * torch.rand(1, 3, 96, 80), (8,) * 4, value=1.0)
    assert torch.equal(predictor.recognise(grey, predicted), predicted)


def test_other_works_keep_the_predicted_vector(predictor: Predictor, works: torch.Tensor) -> None:
    predicted = torch.randn(3, VECTOR)
    assert torch.equal(predictor.recognise(works.flip(3), predicted), predicted)


def test_it_knows_nothing_before_it_is_calibrated() -> None:
    predictor = Predictor(torch.randn(3, VECTOR))
    predicted = torch.randn(2, VECTOR)
    assert torch.equal(predictor.recognise(torch.rand(2, 3, 32, 24), predicted), predicted)


@pytest.mark.parametrize("size", [(96, 80), (40, 24), (8, 512)])
def test_a_thumbnail_is_the_mean_of_cells(works: torch.Tensor, size: tuple[int, int]) -> None:
    image = F.interpolate(works, size)
    torch.testing.assert_close(thumbnail(image), F.adaptive_avg_pool2d(image, 16))
