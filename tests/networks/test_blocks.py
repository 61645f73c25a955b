"""The layers that the painter is built of."""

import pytest
import torch

from impasto.networks.blocks import (
    CLAMP_SIGMA,
    CODE_SIZE,
    ConditionalResidualBlock,
    Standardize,
    StyleConditionedConv2d,
)
from impasto.networks.moments import EPSILON, Modulation

pytestmark = pytest.mark.usefixtures("seed")


def test_modulated_block_is_a_residual():
    block = ConditionalResidualBlock(4)
    torch.nn.init.zeros_(block.second.weight)
    torch.nn.init.zeros_(block.second.bias)
    x, style = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 1, 1)
    assert torch.equal(block(x, Modulation(style, style)), x)


def test_modulated_block_does_what_style_and_photo_ask_for():
    block, x = ConditionalResidualBlock(4), torch.randn(2, 4, 9, 8)
    gain, shift = torch.randn(2, 2, 4, 1, 1)
    seen = block.first(x)
    block.norm.usual.copy_(seen.var((0, 2, 3))[:, None, None])
    block.eval()
    own = seen.var((2, 3), correction=0, keepdim=True)
    deviation = ((own + block.norm.usual) / 2 + EPSILON).sqrt()
    normal = (seen - seen.mean((2, 3), keepdim=True)) / deviation
    expected = x + block.second(torch.relu(gain * normal + shift))
    assert torch.allclose(block(x, Modulation(gain, shift)), expected, atol=1e-4)


def test_standardised_by_what_is_usual():
    layer, x = Standardize(5), 3 * torch.randn(400, 5) + 2
    layer.mean.copy_(x.mean(0))
    layer.variance.copy_(x.var(0))
    out = layer(x)
    assert torch.allclose(out.mean(0), torch.zeros(5), atol=1e-4)
    assert torch.allclose(out.std(0), torch.ones(5), atol=1e-3)
    assert layer(x + 1e9).max() == CLAMP_SIGMA
    assert layer(x - 1e9).min() == -CLAMP_SIGMA


@pytest.mark.parametrize("side", [1, 3])
def test_styled_convolution_is_one_with_the_weights_of_the_style(side):
    layer = StyleConditionedConv2d(3, 5, side)
    for parameter in (layer.change, layer.shift.weight, layer.shift.bias):
        torch.nn.init.normal_(parameter)
    x, code = torch.randn(2, 3, 6, 7), torch.randn(2, CODE_SIZE)
    out = layer(x, code)
    for picture, numbers, painted in zip(x, code, out, strict=True):
        change = sum(n * kernel for n, kernel in zip(numbers, layer.change.unbind(2), strict=True))
        weight = layer.common.weight + change.reshape(5, 3, side, side)
        bias = layer.shift(numbers)
        expected = torch.nn.functional.conv2d(picture, weight, bias, padding=side // 2)
        assert torch.allclose(painted, expected, atol=1e-4)


def test_one_code_serves_all_pictures():
    layer = StyleConditionedConv2d(3, 5, 3)
    torch.nn.init.normal_(layer.change)
    x, code = torch.randn(4, 3, 6, 7), torch.randn(1, CODE_SIZE)
    assert torch.allclose(layer(x, code), layer(x, code.expand(4, -1)), atol=1e-4)
