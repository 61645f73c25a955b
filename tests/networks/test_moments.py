"""Moments of feature maps, and what changes them."""

import pytest
import torch

from impasto.networks.moments import Modulation, Shared, adain, normalised, own

pytestmark = pytest.mark.usefixtures("seed")

UNCHANGED = Modulation(torch.ones(1), torch.zeros(1))


def test_adain_gives_the_statistics():
    mean, deviation = torch.randn(2, 4, 1, 1), torch.rand(2, 4, 1, 1) + 0.5
    x = 3 * torch.randn(2, 4, 40, 40) + 1
    out = normalised(x, own(x), adain(UNCHANGED, mean, deviation))
    assert torch.allclose(out.mean((2, 3), keepdim=True), mean, atol=1e-4)
    assert torch.allclose(out.std((2, 3), keepdim=True), deviation, atol=1e-3)


def test_adain_comes_after_the_modulation():
    x, others = torch.randn(1, 2, 8, 8), torch.rand(4, 1, 2, 1, 1)
    gain, shift, mean, deviation = others
    modulation = Modulation(gain, shift)
    expected = normalised(x, own(x), modulation) * deviation + mean
    found = normalised(x, own(x), adain(modulation, mean, deviation))
    assert torch.allclose(found, expected, atol=1e-5)


def test_flat_maps_stay_flat():
    flat = torch.full((1, 2, 400, 500), 4.7)
    unmoved = adain(UNCHANGED, torch.zeros(1, 2, 1, 1), torch.ones(1, 2, 1, 1))
    for modulation in (UNCHANGED, unmoved):
        assert normalised(flat, own(flat), modulation).abs().max() < 1e-3


def test_moments_are_mean_and_variance():
    x = 0.1 * torch.randn(2, 3, 20, 20) + 2
    variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
    assert torch.allclose(own(x).mean, mean)
    assert torch.allclose(own(x).variance, variance, atol=1e-5)


def test_shared_statistics_that_count_for_nothing_are_own_ones():
    x = torch.randn(2, 4, 9, 7)
    norm = Shared(torch.zeros(2, 2, 4), torch.zeros(()))
    assert all(map(torch.allclose, norm(x), own(x)))
    variance, mean = torch.var_mean(x, dim=(2, 3), correction=0)
    assert torch.allclose(norm.found, torch.stack([mean, variance], 1))


def test_shared_statistics_make_parts_of_a_picture_alike():
    x = torch.randn(1, 4, 8, 8)
    whole = Shared(torch.zeros(1, 2, 4), torch.zeros(()))
    expected = whole(x)
    part = Shared(whole.found, torch.ones(()))
    assert all(map(torch.equal, part(x[..., 3:6, 2:]), expected))
