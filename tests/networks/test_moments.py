"""ChannelStats of feature maps, and what changes them."""

import pytest
import torch
import torch.nn.functional as F

from impasto.networks.moments import (
    ModulatedInstanceNorm,
    Modulation,
    SharedStats,
    instance_stats,
)

pytestmark = pytest.mark.usefixtures("seed")

UNCHANGED = Modulation(torch.ones(1), torch.zeros(1))


def trained(width: int, variance: float) -> ModulatedInstanceNorm:
    """A normalization to which this variance is usual."""
    norm = ModulatedInstanceNorm(width).eval()
    norm.usual.fill_(variance)
    return norm


def test_modulation_gives_mean_and_deviation():
    mean, deviation = torch.randn(2, 4, 1, 1), torch.rand(2, 4, 1, 1) + 0.5
    x = F.instance_norm(torch.randn(2, 4, 40, 40)) * 3 + 1
    out = trained(4, 9.0)(x, Modulation(deviation, mean))
    assert torch.allclose(out.mean((2, 3), keepdim=True), mean, atol=1e-4)
    assert torch.allclose(out.std((2, 3), keepdim=True), deviation, atol=1e-3)


def test_flat_maps_stay_flat():
    flat = torch.full((1, 2, 400, 500), 4.7)
    assert trained(2, 0.0)(flat, UNCHANGED).abs().max() < 1e-3


def test_faint_features_stay_fainter_than_usual_ones():
    x = F.instance_norm(torch.randn(1, 2, 40, 40))
    norm = trained(2, 1.0)
    usual, faint = (norm(scale * x, UNCHANGED).std() for scale in (1.0, 0.01))
    assert 0.9 < usual < 1.1
    assert faint < 0.02


def test_training_learns_what_is_usual():
    norm = ModulatedInstanceNorm(2)
    for deviation in (1.0, 4.0) * 300:
        norm(deviation * F.instance_norm(torch.randn(1, 2, 20, 20)), UNCHANGED)
    assert torch.allclose(norm.usual, torch.tensor(4.0), rtol=0.05)  # between 1 and 16


def test_the_precision_of_the_features_is_kept():
    x = torch.randn(1, 2, 8, 8, dtype=torch.bfloat16)
    assert trained(2, 1.0)(x, UNCHANGED).dtype == torch.bfloat16


def test_moments_are_mean_and_variance():
    x = 0.1 * torch.randn(2, 3, 20, 20) + 2
    variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
    assert torch.allclose(instance_stats(x).mean, mean)
    assert torch.allclose(instance_stats(x).variance, variance, atol=1e-5)


def test_shared_statistics_that_count_for_nothing_are_own_ones():
    x = torch.randn(2, 4, 9, 7)
    norm = SharedStats(torch.zeros(2, 2, 4), torch.zeros(()))
    assert all(map(torch.allclose, norm(x), instance_stats(x)))
    variance, mean = torch.var_mean(x, dim=(2, 3), correction=0)
    assert torch.allclose(norm.measured, torch.stack([mean, variance], 1))


def test_shared_statistics_make_parts_of_a_picture_alike():
    x = torch.randn(1, 4, 8, 8)
    whole = SharedStats(torch.zeros(1, 2, 4), torch.zeros(()))
    expected = whole(x)
    part = SharedStats(whole.measured, torch.ones(()))
    assert all(map(torch.equal, part(x[..., 3:6, 2:]), expected))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_batch_that_is_not_finite_leaves_nothing_behind(bad: float):
    norm = ModulatedInstanceNorm(2)
    norm(torch.randn(1, 2, 20, 20), UNCHANGED)
    usual = norm.usual.clone()
    norm(torch.full((1, 2, 20, 20), bad), UNCHANGED)
    assert torch.allclose(norm.usual, usual)
