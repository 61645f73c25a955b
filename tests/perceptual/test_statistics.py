"""Statistics of features against definitions and counts by hand."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from impasto.perceptual.statistics import gram, mixture, statistics


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def normal(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=rng, dtype=torch.float64)


def test_gram_of_constant_features_is_the_outer_product_of_the_constants():
    constants = torch.tensor([1.0, -2.0, 3.0])
    features = constants.view(1, 3, 1, 1).expand(1, 3, 4, 5)
    torch.testing.assert_close(gram(features)[0], torch.outer(constants, constants))


def test_gram_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]], [[[0.0, 2.0]], [[1.0, 1.0]]]])
    expected = torch.tensor([[[2.5, 0.5], [0.5, 5.0]], [[2.0, 1.0], [1.0, 1.0]]])
    torch.testing.assert_close(gram(features), expected)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_gram_passes_a_gradient_check_in_either_memory_format(rng, memory_format):
    features = normal(rng, 2, 3, 4, 5).requires_grad_(True)
    assert gradcheck(lambda f: gram(f.contiguous(memory_format=memory_format)), features)


def test_statistics_are_mean_and_second_moments(rng):
    features = normal(rng, 1, 4, 6, 7)
    found = statistics(features)
    positions = features[0].flatten(1)
    torch.testing.assert_close(found.mean, positions.mean(1))
    torch.testing.assert_close(found.covariance, torch.cov(positions, correction=0))
    torch.testing.assert_close(found.energy, features.square().mean())


def test_mixture_of_equal_parts_is_the_statistics_of_all_positions_together(rng):
    one, other = normal(rng, 1, 4, 5, 6), 2 + 3 * normal(rng, 1, 4, 5, 6)
    mixed = mixture([statistics(one), statistics(other)], [1, 1])
    together = statistics(torch.cat([one, other], dim=3))
    torch.testing.assert_close(mixed.mean, together.mean)
    torch.testing.assert_close(mixed.gram, together.gram)
    torch.testing.assert_close(mixed.covariance, together.covariance)


def test_mixture_weights_count_relative_to_their_sum(rng):
    one, other = statistics(normal(rng, 1, 4, 5, 6)), statistics(1 + normal(rng, 1, 4, 5, 6))
    mixed = mixture([one, other], [30, 10])
    torch.testing.assert_close(mixed.mean, 0.75 * one.mean + 0.25 * other.mean)
    torch.testing.assert_close(mixed.gram, 0.75 * one.gram + 0.25 * other.gram)


# Content
