"""The layers that the decoder is built of."""

import pytest
import torch

from impasto.networks.blocks import CODES, STRANGEST, Modulated, Standardised, Styled
from impasto.networks.moments import EPSILON, Modulation

pytestmark = pytest.mark.usefixtures("seed")


def test_modulated_block_is_a_residual():
    block = Modulated(4)
    torch.nn.init.zeros_(block.second.weight)
    torch.nn.init.zeros_(block.second.bias)
    x, style = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 1, 1)
    assert torch.equal(block(x, Modulation(style, style)), x)


def test_modulated_block_does_what_style_and_photo_ask_for():
    block, x = Modulated(4), torch.randn(2, 4, 9, 8)
    gain, shift = torch.randn(2, 2, 4, 1, 1)
    seen = block.first(x)
    normal = torch.nn.functional.instance_norm(seen, eps=EPSILON)
    expected = x + block.second(torch.relu(gain * normal + shift))
    assert torch.allclose(block(x, Modulation(gain, shift)), expected, atol=1e-4)


def test_standardised_whatever_else_is_in_the_batch():
    layer, x = Standardised(5), 3 * torch.randn(400, 5) + 2
    for batch in x.repeat(10, 1).split(8):
        out = layer(batch)
        assert torch.allclose(out, (batch - layer.mean) / (layer.variance + 1e-5).sqrt(), atol=1e-5)
    assert torch.allclose(layer.mean, x.mean(0), atol=0.5)
    assert torch.allclose(layer.variance.sqrt(), x.std(0), atol=0.5)
    before = layer.eval().mean.clone()
    assert torch.equal(layer(x[:2]), layer(x)[:2])
    assert torch.equal(layer.mean, before)


def test_standardised_from_the_first_batch_and_unharmed_by_a_bad_one():
    layer, x = Standardised(3), 50 * torch.randn(64, 3) - 200
    layer(x)
    assert torch.allclose(layer.mean, x.mean(0))
    assert torch.allclose(layer.variance, x.var(0))
    layer(torch.full((2, 3), torch.nan))
    assert torch.allclose(layer.mean, x.mean(0))
    layer(x[:1])
    assert torch.allclose(layer.mean, x.mean(0))
    layer.settle()
    layer(x + 100)
    assert torch.allclose(layer.mean, x.mean(0) + 0.5)
    assert layer(x + 1e9).max() == STRANGEST


@pytest.mark.parametrize("side", [1, 3])
def test_styled_convolution_is_one_with_the_weights_of_the_style(side):
    layer = Styled(3, 5, side)
    for parameter in (layer.change, layer.shift.weight, layer.shift.bias):
        torch.nn.init.normal_(parameter)
    x, code = torch.randn(2, 3, 6, 7), torch.randn(2, CODES)
    out = layer(x, code)
    for picture, numbers, painted in zip(x, code, out, strict=True):
        change = sum(n * kernel for n, kernel in zip(numbers, layer.change.unbind(2), strict=True))
        weight = layer.common.weight + change.reshape(5, 3, side, side)
        bias = layer.shift(numbers)
        expected = torch.nn.functional.conv2d(picture, weight, bias, padding=side // 2)
        assert torch.allclose(painted, expected, atol=1e-4)
