"""Statistics of parts of a picture, and an objective with several parts."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.vgg import VGG
from impasto.optimization.objective import Objective, build
from impasto.optimization.regions import StylePicture, coverage, share, statistics_within
from impasto.perceptual.features import FeatureExtractor
from impasto.perceptual.statistics import guided_statistics, statistics
from impasto.scene import Region
from impasto.settings import OptimizeSettings

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
SETTINGS = OptimizeSettings(style_loss="gram", tv_weight=0.0)
HEIGHT, WIDTH = 80, 128


@pytest.fixture(scope="module")
def encoder() -> VGG:
    """Random and narrow, in double precision, so that only real differences show."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = VGG(19, widths=(6, 8, 10, 12, 12), last="relu5_1", first_padding="replicate")
        for parameter in network.parameters():
            if parameter.ndim > 1:
                torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu")
    return network.double().requires_grad_(False).eval()


def picture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, 8, 8), generator=generator, dtype=torch.float64)
    fine = torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)
    return 0.7 * F.interpolate(coarse, (height, width), mode="bilinear") + 0.3 * fine


def left(until: int, width: int = WIDTH, height: int = HEIGHT) -> Tensor:
    mask = torch.zeros(1, 1, height, width, dtype=torch.float64)
    mask[..., :until] = 1
    return mask


ALL = torch.ones(1, 1, HEIGHT, WIDTH, dtype=torch.float64)
CONTENT, CANVAS = picture(1), picture(2)
ONE, OTHER = StylePicture(picture(3, 90, 70)), StylePicture(picture(4, 64, 64).square())


def objective(encoder, regions, settings=SETTINGS, tile=None):
    return build(encoder, CONTENT, regions, settings, tile)


def value_and_gradient(loss: Objective, image: Tensor = CANVAS) -> tuple[Tensor, Tensor]:
    canvas = image.clone().requires_grad_(True)
    total, _ = loss(canvas)
    return total.detach(), torch.autograd.grad(total, canvas)[0]


# Statistics of a part


def test_an_even_guide_gives_the_plain_statistics():
    features = torch.rand(1, 5, 6, 7, generator=torch.Generator().manual_seed(1))
    even = torch.full((6, 7), 1 / 42)
    plain, guided = statistics(features), guided_statistics(features, even)
    torch.testing.assert_close(guided.mean, plain.mean)
    torch.testing.assert_close(guided.gram, plain.gram)


def test_a_guide_of_ones_and_zeros_gives_the_statistics_of_the_positions_with_ones():
    features = torch.rand(1, 5, 6, 8, generator=torch.Generator().manual_seed(1))
    guide = torch.zeros(6, 8)
    guide[:, :3] = 1 / 18
    part, guided = statistics(features[..., :3]), guided_statistics(features, guide)
    torch.testing.assert_close(guided.mean, part.mean)
    torch.testing.assert_close(guided.gram, part.gram)


def test_parts_add_up_to_the_whole():
    features = torch.rand(1, 5, 6, 8, generator=torch.Generator().manual_seed(1))
    plain = statistics(features[..., :3], 48) + statistics(features[..., 3:], 48)
    torch.testing.assert_close(plain.gram, statistics(features).gram)
    empty = statistics(features[..., :0], 48)
    assert not empty.mean.any()
    guide = torch.rand(6, 8, generator=torch.Generator().manual_seed(2))
    guided = guided_statistics(features[..., :3], guide[:, :3])
    guided += guided_statistics(features[..., 3:], guide[:, 3:])
    torch.testing.assert_close(guided.mean, guided_statistics(features, guide).mean)


@pytest.mark.parametrize("mask", [None, ALL, left(50)])
@pytest.mark.parametrize("tile", [None, 64])
def test_statistics_within_a_mask_sum_over_tiles(encoder, mask, tile):
    found = within(encoder, mask, tile)
    wanted = within(encoder, ALL if mask is None else mask, None)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one.mean, other.mean)
        torch.testing.assert_close(one.gram, other.gram)


def within(encoder, mask, tile):
    extractor = FeatureExtractor(encoder, LAYERS, tile=tile)
    measure = statistics_within(extractor, LAYERS, CANVAS, mask)

    class Parts(list):
        def __add__(self, other):
            return Parts(a + b for a, b in zip(self, other, strict=True))

    return extractor.total(CANVAS, lambda part: Parts(measure(part)))


# Coverage


def test_coverage_is_none_where_everything_is_covered():
    assert coverage([Region(None, [ONE])]) is None
    assert coverage([Region(ALL, [ONE])]) is None
    assert coverage([Region(left(50), [ONE]), Region(1 - left(50), [OTHER])]) is None
    found = coverage([Region(left(50), [ONE]), Region(0.5 - 0.5 * left(90), [OTHER])])
    torch.testing.assert_close(found, left(50) + 0.5 - 0.5 * left(90))


# The objective


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
def test_a_white_mask_is_no_mask(encoder, style_loss):
    settings = replace(SETTINGS, style_loss=style_loss)
    found = value_and_gradient(objective(encoder, [Region(ALL, [ONE])], settings))
    wanted = value_and_gradient(objective(encoder, [Region(None, [ONE])], settings))
    torch.testing.assert_close(found, wanted)


def test_style_losses_count_by_the_regions_shares_and_weights(encoder):
    def style(*regions):
        return objective(encoder, regions)(CANVAS)[1]["style"]

    west, east = Region(left(32), [ONE]), Region(1 - left(32), [OTHER])
    assert (share(west), share(east)) == (0.25, 0.75)
    torch.testing.assert_close(style(west, east, Region(0 * ALL, [ONE])), style(west, east))
    difference = style(west._replace(weight=0.5), east) - style(west, east)
    without = style(west._replace(weight=0.0), east) - style(west, east)
    torch.testing.assert_close(difference, 0.75 * without)


def test_a_region_is_changed_only_by_its_own_style(encoder):
    """Far from the border, where no feature sees both."""
    settings = replace(SETTINGS, style_layers=("relu1_1", "relu2_1"), content_layers=("relu1_1",))
    west, east = left(64), 1 - left(64)
    both = [Region(west, [ONE]), Region(east, [OTHER])]
    changed = [Region(west, [ONE]), Region(east, [ONE])]
    one, other = (
        value_and_gradient(objective(encoder, regions, settings))[1] for regions in (both, changed)
    )
    torch.testing.assert_close(one[..., :56], other[..., :56])
    assert not torch.allclose(one[..., 72:], other[..., 72:])


def test_where_nothing_is_painted_the_picture_does_not_matter(encoder):
    loss = objective(encoder, [Region(left(64), [ONE])], replace(SETTINGS, tv_weight=0.5))
    elsewhere = torch.cat([CANVAS[..., :64], picture(9)[..., 64:]], dim=3)
    torch.testing.assert_close(loss(elsewhere)[0], loss(CANVAS)[0])
    _, gradient = value_and_gradient(loss)
    assert not gradient[..., 64:].any()
    assert gradient[..., :64].any()


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
@pytest.mark.parametrize("value", [1.0, 1e-3])
def test_a_region_of_one_pixel_is_finite(encoder, style_loss, value):
    mask = torch.zeros_like(ALL)
    mask[0, 0, 40, 90] = value
    settings = replace(SETTINGS, style_loss=style_loss)
    for regions in ([Region(mask, [ONE])], [Region(mask, [ONE]), Region(1 - mask, [OTHER])]):
        total, gradient = value_and_gradient(objective(encoder, regions, settings))
        assert total.isfinite()
        assert gradient.isfinite().all()


def test_a_part_of_a_style_is_that_part(encoder):
    """Of two pictures side by side, a mask takes one, without the pixels that see the other."""
    settings = replace(SETTINGS, style_layers=("relu1_1",), content_layers=("relu1_1",))
    pair = torch.cat([ONE.image, picture(5, 90, 70).square()], dim=3)
    part = StylePicture(pair, mask=left(69, 140, 90))
    alone = StylePicture(ONE.image, mask=left(69, 70, 90))
    of_part, of_one, of_pair = (
        float(objective(encoder, [Region(None, [style])], settings)(CANVAS)[1]["style"])
        for style in (part, alone, StylePicture(pair))
    )
    assert of_part == pytest.approx(of_one, rel=1e-9)
    assert of_pair != pytest.approx(of_one, rel=1e-3)


# Tiles

SPLIT = [Region(left(60), [ONE]), Region(0.6 * (1 - left(70)), [OTHER, ONE])]


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
@pytest.mark.parametrize("regions", [[Region(None, [ONE])], SPLIT], ids=["plain", "regions"])
@pytest.mark.parametrize("low_memory", [False, True])
def test_the_gradient_by_tiles_is_the_gradient(encoder, style_loss, regions, low_memory):
    """Everywhere, up to the outermost pixel."""
    settings = OptimizeSettings(style_loss=style_loss, low_memory=low_memory)
    whole = value_and_gradient(objective(encoder, regions, settings))
    tiled = value_and_gradient(objective(encoder, regions, settings, tile=64))
    torch.testing.assert_close(tiled, whole, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("shape", [(64, 81), (200, 18), (97, 161)])
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_the_gradient_by_tiles_in_single_precision_with_the_encoder_that_ships(shape, pooling):
    from impasto.networks import encoders

    network = encoders.load("compact", pooling=pooling)
    content, canvas, style = (picture(seed, *shape).float() for seed in (1, 2, 3))

    def gradient(tile):
        loss = build(network, content, [Region(None, [StylePicture(style)])], SETTINGS, tile)
        return value_and_gradient(loss, canvas)

    (total, whole), (again, tiled) = gradient(None), gradient(64)
    assert float(again) == pytest.approx(float(total), rel=1e-5)
    # Usually 1e-6; but rounding can choose another maximum of a pool.
    assert float((tiled - whole).norm() / whole.norm()) < 2e-3
