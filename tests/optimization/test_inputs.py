"""What the pictures of a painting become at its size."""

import numpy as np
import pytest
import torch

from impasto.image.colour import rgb_to_oklab
from impasto.image.files import Picture
from impasto.optimization.inputs import Inputs
from impasto.optimization.regions import StylePicture
from impasto.scene import Region, Scene
from impasto.settings import OptimizeSettings

CPU = torch.device("cpu")
RED, GREEN = (np.full((20, 30, 3), colour, np.float32) for colour in ([1, 0, 0], [0, 1, 0]))
WEST = np.zeros((40, 80), np.float32)
WEST[:, :40] = 1


@pytest.fixture
def photo(blotches):
    return Picture(np.asarray(blotches(1, 80, 40), np.float32) / 255)


def inputs(photo, styles=(), regions=(), **options):
    all_regions = [region(mask, pixels) for mask, pixels in regions]
    if styles:
        all_regions.append(Region(None, [StylePicture(style) for style in styles]))
    return of(photo, *all_regions, **options)


def region(mask, style, weight=1.0):
    return Region(mask, [StylePicture(style)], weight)


def of(photo, *regions, **options):
    return Inputs(OptimizeSettings(**options), Scene(photo, regions), None)


def masks(images):
    return [None if r.mask is None else r.mask[0, 0].numpy() for r in images.regions]


@pytest.mark.parametrize(
    ("content", "options", "size"),
    [
        ((80, 40), {}, (80, 40)),
        ((80, 40), {"size": 61}, (61, 30)),
        ((40, 80), {"size": 201, "work_size": 100}, (50, 100)),
        ((3000, 1500), {}, (1024, 512)),
        ((3000, 30), {}, (1600, 16)),  # both sides at least 16
    ],
)
def test_the_size_to_paint_at(content, options, size):
    width, height = content
    chosen = inputs(Picture(np.zeros((height, width, 3), np.float32)), **options)
    assert chosen.size == size
    assert chosen.photo().shape == (*size[::-1], 3)


def test_only_a_finished_picture_is_enlarged(photo):
    chosen = inputs(photo, [RED], size=200, work_size=60)
    coarse, finished = (np.zeros((side // 2, side, 3), np.float32) for side in (30, 60))
    assert chosen.enlarge(coarse) is coarse
    assert chosen.enlarge(finished).shape == (100, 200, 3)


def test_without_regions_the_styles_are_everywhere(photo):
    images = inputs(photo, [RED, GREEN], size=40).images(None, CPU)
    assert images.content.shape == (1, 3, 20, 40)
    assert masks(images) == [None]
    assert [s.image.shape for s in images.regions[0].style] == [(1, 3, 20, 30)] * 2


def test_the_styles_are_where_no_region_is(photo):
    images = inputs(photo, [RED], [(WEST, GREEN)]).images(None, CPU)
    west, rest = masks(images)
    assert np.array_equal(west, WEST)
    assert np.array_equal(rest, 1 - WEST)
    assert images.regions[1].style[0].image[0, :, 0, 0].tolist() == [1, 0, 0]


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
    assert torch.equal(first(init="content"), inputs(photo, [RED]).images(None, CPU).content)
    assert first(init="style")[0, :, 5, 5].tolist() == [1, 0, 0]
    assert first(np.zeros((40, 80, 3), np.float32), init="fast").max() == 0


@pytest.mark.parametrize(
    ("options", "share"),
    [
        ({}, 0),
        ({"content_weight": 0.01}, 0),
        ({"content_weight": 0.2, "style_weight": 10}, 0),
        ({"content_weight": 0.3}, 0.28 / 2.98),
        ({"content_weight": 1}, 0.98 / 2.98),
        ({"content_weight": 3}, 1),
        ({"content_weight": 20}, 1),
        ({"content_weight": 0.3, "style_weight": 0}, 1),
    ],
)
def test_the_more_content_weighs_the_more_of_the_photo_is_in_the_first_picture(
    photo, options, share
):
    """Of the photo in the style's colours; the rest is what the single pass painted."""
    painted = np.full((40, 80, 3), 0.25, np.float32)
    images = inputs(photo, [RED, GREEN], init="fast", **options).images(painted, CPU)
    wanted = 0.25 + share * (images.recoloured - 0.25)
    assert torch.allclose(images.first, wanted, atol=1e-6)


def test_a_first_picture_from_a_file_is_taken_as_it_is(photo):
    scene = inputs(photo, [RED]).scene
    grey = np.full((40, 80, 3), 0.25, np.float32)
    chosen = Inputs(OptimizeSettings(init="grey.png", content_weight=3), scene, grey)
    assert (chosen.images(None, CPU).first == 0.25).all()


def test_finish_brings_back_the_photo_where_nothing_covers_it(photo):
    painted = np.zeros((20, 40, 3), np.float32)
    finished = inputs(photo, [], [(WEST, GREEN)]).finish(painted)
    assert not finished[:, :19].any()
    small = inputs(photo, [RED], size=40).photo()
    assert np.array_equal(finished[:, 21:], small[:, 21:])
    assert inputs(photo, [RED], [(WEST, GREEN)]).finish(painted).max() < 1e-6
    assert np.array_equal(inputs(photo, [RED]).finish(painted), painted)


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


@pytest.mark.parametrize("colour", ["luminance", "histogram"])
def test_each_part_has_the_colours_of_the_photo_there(photo, colour):
    """As in `stylize`: whatever they are elsewhere."""
    painted = np.random.default_rng(1).random((40, 80, 3), np.float32)
    other = Picture(photo.pixels.copy())
    other.samples[:, 40:] = (1, 0, 0)
    here, there = (
        inputs(content, [RED], [(WEST, GREEN)], colour=colour).finish(painted)
        for content in (photo, other)
    )
    assert here[:, :40] == pytest.approx(there[:, :40], abs=1e-5)
    assert np.abs(here[:, 40:] - there[:, 40:]).max() > 0.1


@pytest.mark.parametrize("colour", ["luminance", "linear"])
def test_styles_are_prepared_for_the_photo_where_they_are_painted(photo, blotches, colour):
    style = np.asarray(blotches(3, 30, 20), np.float32) / 255
    other = Picture(photo.pixels.copy())
    other.samples[:, 40:] = (1, 0, 0)

    def prepared(content, styles, regions):
        images = inputs(content, styles, regions, colour=colour).images(None, CPU)
        return [r.style[0].image.numpy() for r in images.regions]

    here, there = (prepared(content, [style], [(WEST, style)]) for content in (photo, other))
    assert np.array_equal(here[0], there[0])
    assert np.abs(here[1] - there[1]).max() > 0.1
    west = Picture(photo.pixels[:, :40])
    assert here[0] == pytest.approx(prepared(west, [style], [])[0], abs=1e-4)


def test_a_style_that_does_not_count_is_no_first_picture(photo):
    regions = [region(WEST, RED, 0.0), region(1 - WEST, GREEN)]
    job = of(photo, *regions, init="style")
    assert job.images(None, CPU).first[0, :, 5, 5].tolist() == [0, 1, 0]
    none = of(photo, regions[0], init="style").images(None, CPU)
    assert torch.equal(none.first, none.content)


def test_where_a_region_has_no_weight_the_photo_stays(photo):
    west = region(WEST, GREEN, 0.0)
    both = of(photo, west, region(None, RED))
    (east,) = masks(both.images(None, CPU))
    assert np.array_equal(east, 1 - WEST)
    assert np.array_equal(both.finish(0 * photo.pixels)[:, :40], photo.pixels[:, :40])
    assert not both.finish(0 * photo.pixels)[:, 40:].any()
    assert masks(of(photo, west).images(None, CPU)) == []
