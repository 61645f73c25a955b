"""The predictor knows the works whose vectors were learned."""

import pytest
import torch

from impasto.networks.painter import VECTOR
from impasto.networks.predictor import RECOGNISED, STATISTICS, UNKNOWN, Predictor


@pytest.fixture
def predictor() -> Predictor:
    torch.manual_seed(0)
    predictor = Predictor(torch.randn(3, VECTOR))
    predictor.calibrate(torch.randn(200, STATISTICS), torch.randn(3, STATISTICS))
    return predictor


@pytest.mark.parametrize(
    ("distance", "share"),
    [(0.0, 1.0), (RECOGNISED, 1.0), ((RECOGNISED + UNKNOWN) / 2, 0.5), (UNKNOWN, 0.0), (9.0, 0.0)],
)
def test_a_known_work_gets_its_own_vector(
    predictor: Predictor, distance: float, share: float
) -> None:
    direction = torch.nn.functional.normalize(torch.randn(1, STATISTICS))
    standard = predictor.pictures[1] + distance * direction
    deviation = (predictor.standardise.variance + 1e-5).sqrt()
    statistics = standard * deviation + predictor.standardise.mean
    predicted = torch.randn(1, VECTOR)
    found = predictor.recognise(statistics, predicted)
    expected = predicted + share * (predictor.known[1] - predicted)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=1e-3)


def test_it_knows_nothing_before_it_is_calibrated() -> None:
    predictor = Predictor(torch.randn(3, VECTOR))
    predicted = torch.randn(2, VECTOR)
    found = predictor.recognise(torch.randn(2, STATISTICS), predicted)
    torch.testing.assert_close(found, predicted)
