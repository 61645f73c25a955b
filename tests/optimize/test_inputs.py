"""What the pictures of a painting become at its size."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from impasto.image.colour import rgb_to_oklab
from impasto.image.files import Picture
from impasto.optimize.inputs import Inputs, RegionInput, StyleInput
from impasto.settings import OptimizeSettings

CPU = torch.device("cpu")
RED, GREEN = (np.full((20, 30, 3), colour, np.float32) for colour in ([1, 0, 0], [0, 1, 0]))
WEST = np.zeros((40, 80), np.float32)
WEST[:, :40] = 1


@pytest.fixture
def photo(blotches):
    return Picture(np.asarray(blotches(1, 80, 40), np.float32) / 255)


def inputs(photo, styles=(), regions=(), **options):
    styles = [StyleInput(pixels) for pixels in styles]
    regions = [RegionInput(mask, [StyleInput(pixels)]) for mask, pixels in regions]
    return Inputs(OptimizeSettings(**options), photo, styles, regions, None)


def masks(images):
    return [None if r.mask is None else r.mask[0, 0].numpy() for r in images.regions]


def test_without_regions_the_styles_are_everywhere(photo):
    images = inputs(photo, [RED, GREEN], size=40).images(None, CPU)
    assert images.content.shape == (1, 3, 20, 40)
    assert masks(images) == [None]
    assert [s.image.shape for s in images.regions[0].styles] == [(1, 3, 20, 30)] * 2


def test_the_styles_are_where_no_region_is(photo):
    images = inputs(photo, [RED], [(WEST, GREEN)]).images(None, CPU)
    west, rest = masks(images)
    assert np.array_equal(west, WEST)
    assert np.array_equal(rest, 1 - WEST)
    assert images.regions[1].styles[0].image[0, :, 0, 0].tolist() == [1, 0, 0]


def test_without_styles_the_rest_is_nobodys(photo):
    (west,) = masks(inputs(photo, [], [(WEST, GREEN)]).images(None, CPU))
    assert np.array_equal(west, WEST)


def test_regions_share_where_they_overlap(photo):
    both = [(WEST, GREEN), (np.ones_like(WEST), RED)]
    one, other = masks(inputs(photo, [], both).images(None, CPU))
    assert np.array_equal(one, WEST / 2)
    assert np.array_equal(other, 1 - WEST / 2)


def test_the_first_picture(photo):
    def first(picture=None, **options):
        return inputs(photo, [RED], [(WEST, GREEN)], **options).images(picture, CPU).first

    assert first(init="noise") is None
    assert torch.equal(first(), inputs(photo, [RED]).images(None, CPU).content)
    assert first(init="style")[0, :, 5, 5].tolist() == [1, 0, 0]
    assert first(np.zeros((40, 80, 3), np.float32), init="fast").max() == 0


def test_finish_brings_back_the_photo_where_nothing_covers_it(photo):
    painted = np.zeros((20, 40, 3), np.float32)
    finished = inputs(photo, [], [(WEST, GREEN)]).finish(painted)
    assert not finished[:, :19].any()
    small = inputs(photo, [RED], size=40).photo()
    assert np.array_equal(finished[:, 21:], small[:, 21:])
    assert inputs(photo, [RED], [(WEST, GREEN)]).finish(painted) is painted


@pytest.mark.parametrize("colour", ["luminance", "histogram"])
def test_colours_are_those_of_the_photo_within_what_is_painted(photo, colour):
    """Whatever is on the canvas elsewhere, and in the photo."""
    rng = np.random.default_rng(1)
    painted = rng.random((40, 80, 3), np.float32)
    elsewhere = painted.copy()
    elsewhere[:, 40:] = 0
    job = inputs(photo, [], [(WEST, GREEN)], colour=colour)
    finished = job.finish(painted)
    assert np.array_equal(job.finish(elsewhere), finished)
    assert np.array_equal(finished[:, 40:], photo.pixels[:, 40:])
    lightness = [rgb_to_oklab(p[:, :40])[..., 0] for p in (finished, photo.pixels)]
    assert lightness[0].mean() == pytest.approx(lightness[1].mean(), abs=0.02)
    assert lightness[0].std() == pytest.approx(lightness[1].std(), abs=0.02)


def test_where_a_region_has_no_weight_the_photo_stays(photo):
    region = RegionInput(WEST, [StyleInput(GREEN)], 0.0)
    both = Inputs(OptimizeSettings(), photo, [StyleInput(RED)], [region], None)
    (east,) = masks(both.images(None, CPU))
    assert np.array_equal(east, 1 - WEST)
    assert np.array_equal(both.finish(0 * photo.pixels)[:, :40], photo.pixels[:, :40])
    assert not both.finish(0 * photo.pixels)[:, 40:].any()
    assert masks(replace(both, styles=[]).images(None, CPU)) == []
