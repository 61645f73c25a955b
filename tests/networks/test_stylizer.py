import pytest
import torch

from impasto.networks.stylizer import (
    EPSILON,
    LAYOUT,
    STRIDE,
    Features,
    Modulated,
    Stylizer,
    adain,
    embedding_of,
)


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield


@pytest.fixture
def stylizer():
    """Untrained, but with modulations that differ from zero."""
    network = Stylizer().eval()
    torch.nn.init.normal_(network.decoder.modulation.weight, std=0.05)
    return network.requires_grad_(False)


@pytest.mark.parametrize("size", [(16, 16), (24, 80), (64, 48)])
def test_shapes(stylizer, size):
    image = torch.rand(2, 3, *size)
    features = stylizer.encoder(image)
    for maps, factor in zip(features, (2, 4, STRIDE), strict=True):
        assert maps.shape[2:] == (size[0] // factor, size[1] // factor)
    embedding = stylizer.embed(torch.rand(2, 3, 32, 40))
    assert embedding.shape == (2, LAYOUT.size)
    assert stylizer(image, embedding).shape == image.shape


def test_embedding_holds_mean_and_deviation():
    maps = [torch.rand(2, width, 6, 5) for width in LAYOUT.widths]
    pieces = LAYOUT.split(embedding_of(Features(*maps)))
    for found, (mean, deviation) in zip(maps, pieces, strict=True):
        assert torch.allclose(mean, found.mean((2, 3), keepdim=True))
        expected = found.var((2, 3), correction=0, keepdim=True) + EPSILON**2
        assert torch.allclose(deviation**2, expected, atol=1e-6)


def test_embedding_forgets_where_things_are(stylizer):
    maps = stylizer.encoder(torch.rand(1, 3, 32, 32))
    turned = Features(*(f.flip(2).transpose(2, 3) for f in maps))
    assert torch.allclose(embedding_of(maps), embedding_of(turned), atol=1e-6)


def test_adain_gives_the_statistics():
    mean, deviation = torch.randn(2, 4, 1, 1), torch.rand(2, 4, 1, 1) + 0.5
    out = adain(3 * torch.randn(2, 4, 40, 40) + 1, mean, deviation)
    assert torch.allclose(out.mean((2, 3), keepdim=True), mean, atol=1e-4)
    assert torch.allclose(out.std((2, 3), keepdim=True), deviation, atol=1e-3)


def test_adain_leaves_flat_maps_flat():
    out = adain(torch.full((1, 2, 8, 8), 3.0), torch.zeros(1, 2, 1, 1), torch.ones(1, 2, 1, 1))
    assert out.abs().max() < 1e-3


def test_modulated_block_is_a_residual():
    block = Modulated(4)
    torch.nn.init.zeros_(block.second.weight)
    torch.nn.init.zeros_(block.second.bias)
    x, style = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 1, 1)
    assert torch.equal(block(x, style, style), x)


def test_the_style_matters(stylizer):
    image, styles = torch.rand(1, 3, 32, 32), stylizer.embed(torch.rand(2, 3, 32, 32) ** 3)
    one, other = (stylizer(image, style[None]) for style in styles)
    assert not torch.allclose(one, other, atol=1e-4)


def test_pictures_of_a_batch_do_not_mix(stylizer):
    images, embedding = torch.rand(2, 3, 32, 32), stylizer.embed(torch.rand(2, 3, 32, 32))
    both = stylizer(images, embedding)
    alone = stylizer(images[1:], embedding[1:])
    assert torch.allclose(both[1:], alone, atol=1e-5)
