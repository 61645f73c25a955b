"""The terms of the objective: each alone, whole and in tiles."""

import pytest
import torch
from torch import Tensor

from impasto.networks.vgg import VGG
from impasto.optimization.objective import Objective
from impasto.optimization.regions import StylePicture
from impasto.optimization.terms import Palette, Structure, Tone
from impasto.perceptual.features import FeatureExtractor
from impasto.scene import Region


@pytest.fixture
def encoder() -> VGG:
    torch.manual_seed(0)
    network = VGG(19, widths=(6, 8, 10, 12, 12), last="relu3_1").double()
    return network.requires_grad_(False).eval()


def picture(seed: int, height: int = 70, width: int = 90) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)


CONTENT, CANVAS = picture(1), picture(2)


def structure(encoder: VGG, tile: int | None = None) -> Objective:
    extractor = FeatureExtractor(encoder, ["relu3_1"], tile=tile)
    return Objective(extractor, [Structure(extractor, "relu3_1", CONTENT, 1.0)])


def test_a_picture_has_its_own_structure(encoder):
    assert float(structure(encoder)(CONTENT)[0]) == pytest.approx(0, abs=1e-9)
    assert 0 < float(structure(encoder)(CANVAS)[0]) < 2


def test_structure_is_the_same_in_tiles(encoder):
    def value_and_gradient(tile):
        canvas = CANVAS.clone().requires_grad_(True)
        total, _ = structure(encoder, tile)(canvas)
        (gradient,) = torch.autograd.grad(total, canvas)
        return total.detach(), gradient

    torch.testing.assert_close(value_and_gradient(32), value_and_gradient(None))


def alone(term) -> Objective:
    return Objective(FeatureExtractor(VGG(16, widths=(1, 1, 1, 1, 1)), ["relu1_1"]), [term])


def flat(*colour: float, size: int = 64) -> Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, size, size).clone()


RED, BLUE = flat(0.9, 0.1, 0.1), flat(0.1, 0.1, 0.9)
HALVES = torch.cat([RED[..., :32], BLUE[..., 32:]], 3)


def palette(image: Tensor, *regions: Region) -> float:
    return float(alone(Palette(regions, image, 1.0))(image)[0])


def test_a_palette_is_what_colours_there_are_and_how_much_of_each():
    region = Region(None, [StylePicture(HALVES)])
    assert palette(HALVES, region) == pytest.approx(0, abs=1e-6)
    assert palette(HALVES.flip(3), region) == pytest.approx(0, abs=1e-6)
    assert palette(RED, region) > 0.3


def test_palettes_of_styles_are_mixed_by_weight():
    def mixed(red, blue):
        return Region(None, [StylePicture(RED, red), StylePicture(BLUE, blue)])

    assert palette(HALVES, mixed(1, 1)) == pytest.approx(0, abs=1e-3)
    assert palette(HALVES, mixed(9, 1)) > 0.1


def test_every_region_has_a_palette_of_its_own():
    left = torch.zeros(1, 1, 64, 64)
    left[..., :32] = 1
    regions = Region(left, [StylePicture(RED)]), Region(1 - left, [StylePicture(BLUE)])
    assert palette(HALVES, *regions) == pytest.approx(0, abs=1e-6)
    assert palette(HALVES.flip(3), *regions) > 0.3


def test_the_part_of_a_style_that_counts_gives_the_palette():
    left = torch.zeros(1, 1, 64, 64)
    left[..., :32] = 1
    assert palette(RED, Region(None, [StylePicture(HALVES, mask=left)])) == pytest.approx(
        0, abs=1e-6
    )


def test_tone_is_of_areas_not_of_details():
    dots = torch.zeros(1, 3, 96, 96)
    dots[..., ::2, ::2] = 1
    tone = alone(Tone(torch.full_like(dots, 0.25), 1.0))
    assert float(tone(dots)[0]) == pytest.approx(0, abs=1e-6)
    assert float(tone(flat(0.5, 0.5, 0.5, size=96))[0]) > 1


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (3, 3)])
def test_the_smallest_pictures(shape):
    image = picture(3, *shape).float()
    assert float(Tone(image, 1.0)(image, [])) == pytest.approx(0, abs=1e-6)
    # The samples of a few colours do not count them equally, so its own palette is not at 0.
    palette = Palette([Region(None, [StylePicture(image)])], image, 1.0)
    assert 0 <= float(palette(image, [])) < float(palette(1 - image, []))
