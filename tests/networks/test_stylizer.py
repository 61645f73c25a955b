"""The stylizer, untrained: shapes, what an embedding holds, what counts for a painting."""

import pytest
import torch

from impasto.networks.blocks import Styled
from impasto.networks.moments import EPSILON
from impasto.networks.stylizer import (
    BINOMIAL,
    EIGHTH,
    LAYERS,
    LAYOUT,
    QUARTER,
    SEEN,
    STRIDE,
    Features,
    Stylizer,
    detail,
    embedding_of,
    folded,
    unfolded,
    with_margin,
)

pytestmark = pytest.mark.usefixtures("seed")

shuffled = torch.nn.PixelShuffle(2)


@pytest.fixture
def stylizer():
    """Untrained, but with modulations and changes of weights that differ from zero."""
    network = Stylizer().eval()
    torch.nn.init.normal_(network.decoder.modulation.weight, std=0.05)
    for module in network.decoder.children():
        if isinstance(module, Styled):
            torch.nn.init.normal_(module.change, std=0.01)
    return network.requires_grad_(False)


@pytest.mark.parametrize("size", [(16, 16), (24, 80), (64, 48)])
def test_shapes(stylizer, size):
    image = torch.rand(2, 3, *size)
    features = stylizer.encoder(image)
    assert features.half.shape[2:] == (size[0] // 2, size[1] // 2)
    imitated = stylizer.compact(image, (QUARTER, EIGHTH))
    for maps, layer, factor in zip(features[1:], imitated, (4, STRIDE), strict=True):
        assert maps.shape == imitated[layer].shape
        assert maps.shape[2:] == (size[0] // factor, size[1] // factor)
    embedding = stylizer.embed(torch.rand(2, 3, 32, 40))
    assert embedding.shape == (2, LAYOUT.size)
    assert stylizer(image, embedding).shape == image.shape


def test_embedding_holds_mean_and_deviation():
    maps = {k: torch.rand(2, w, 6, 5) for k, w in zip(LAYERS, LAYOUT.widths, strict=True)}
    pieces = LAYOUT.split(embedding_of(maps))
    for found, (mean, deviation) in zip(maps.values(), pieces, strict=True):
        assert torch.allclose(mean, found.mean((2, 3), keepdim=True))
        expected = found.var((2, 3), correction=0, keepdim=True) + EPSILON**2
        assert torch.allclose(deviation**2, expected, atol=1e-6)


def test_embedding_forgets_where_things_are(stylizer):
    maps = stylizer.compact(torch.rand(1, 3, 32, 32), LAYERS)
    turned = {k: f.flip(2).transpose(2, 3) for k, f in maps.items()}
    assert torch.allclose(embedding_of(maps), embedding_of(turned), atol=1e-6)


def test_the_style_matters(stylizer):
    image, styles = torch.rand(1, 3, 32, 32), stylizer.embed(torch.rand(2, 3, 32, 32) ** 3)
    one, other = (stylizer(image, style[None]) for style in styles)
    assert not torch.allclose(one, other, atol=1e-4)


def test_what_the_photo_brings_along_counts(stylizer):
    sizes = zip(SEEN, (16, 8, 4), strict=True)
    features = Features(*(10 * torch.randn(1, width, side, side) for width, side in sizes))
    stronger = Features(*(5 * f for f in features))  # the same once normalised
    embedding = stylizer.embed(torch.rand(1, 3, 32, 32))

    def difference():
        one, other = (stylizer.decoder(f, embedding).colours for f in (features, stronger))
        return (one - other).abs().max()

    assert difference() > 1e-2
    stylizer.decoder.hidden.weight[:, LAYOUT.size :] = 0
    assert difference() < 1e-3


def test_features_of_the_photo_are_modulated(stylizer):
    image, embedding = torch.rand(1, 3, 32, 32), stylizer.embed(torch.rand(1, 3, 32, 32))
    before = stylizer(image, embedding)
    stylizer.decoder.modulation.weight[-2 * sum(SEEN) :] = 0
    assert (stylizer(image, embedding) - before).abs().max() > 1e-3


def test_pictures_of_a_batch_do_not_mix(stylizer):
    images, embedding = torch.rand(2, 3, 32, 32), stylizer.embed(torch.rand(2, 3, 32, 32))
    both = stylizer(images, embedding)
    alone = stylizer(images[1:], embedding[1:])
    assert torch.allclose(both[1:], alone, atol=1e-3)


def test_paints_from_features_of_a_photo_with_a_margin(stylizer):
    image, embedding = torch.rand(1, 3, 40, 32), stylizer.embed(torch.rand(1, 3, 32, 32))
    wide = with_margin(image)
    painted = stylizer.paint(wide, stylizer.encoder(wide), embedding)
    assert torch.equal(painted, stylizer(image, embedding))


def test_detail_and_what_is_smooth_make_the_brightness():
    image = torch.rand(1, 3, 12, 10)
    image[..., 3:6] = 0.25
    found = shuffled(detail(image))[0, 0, 1:-1]
    assert torch.allclose(found[:, 4], torch.zeros(10), atol=1e-6)  # only flat neighbours
    brightness = image.mean(1, keepdim=True)
    smooth = torch.nn.functional.conv2d(brightness, BINOMIAL[None, None], padding=1)
    assert torch.allclose(found, (brightness - smooth)[0, 0, 1:-1], atol=1e-6)
    lattice = torch.tensor([0.0, 1.0]).repeat(6).expand(1, 3, 8, 12)
    inside = shuffled(detail(lattice))[..., 1:-1, 1:-1]
    assert torch.allclose(inside, lattice[:, :1, 1:-1, 1:-1] - 0.5)


def test_a_filter_folded_does_what_it_does_unfolded():
    maps, kernel = torch.rand(1, 8, 5, 6), torch.rand(3, 3)
    found = shuffled(torch.nn.functional.conv2d(maps, folded(kernel, 2), padding=1))
    each = kernel.expand(2, 1, 3, 3)
    wanted = torch.nn.functional.conv2d(shuffled(maps), each, padding=1, groups=2)
    assert torch.allclose(found, wanted, atol=1e-6)


def test_unfolds_pixels_and_takes_the_margin_off():
    maps = torch.rand(2, 12, 5, 6)
    assert torch.equal(unfolded(maps, margin=2), shuffled(maps)[..., 2:-2, 2:-2])


def test_a_grey_photo_is_seen_grey(stylizer):
    """The encoder sees no border where there is none to see."""
    for features in stylizer.encoder(torch.full((1, 3, 64, 48), 0.5)):
        assert torch.allclose(features, features[..., :1, :1].expand_as(features), atol=1e-5)


def test_a_flat_photo_is_painted_flat(stylizer):
    """Where the coarsest features end, the decoder does not know; and what it knows of where the
    finer ones end, ends 24 pixels from there."""
    sizes = zip(SEEN, (48, 24, 12), strict=True)
    features = Features(*(torch.full((1, width, side, side), 0.3) for width, side in sizes))
    grey = torch.full((1, 3, 96, 96), 0.5)
    painted = stylizer.paint(grey, features, stylizer.embed(torch.rand(1, 3, 32, 32)))
    inside = painted[..., 24:-24, 24:-24]
    cells = inside.unfold(2, 2, 2).unfold(3, 2, 2)  # the head paints 2 x 2 pixels at a time
    assert torch.allclose(cells, cells[:, :, :1, :1].expand_as(cells), atol=1e-4)
