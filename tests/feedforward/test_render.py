from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from impasto.errors import SettingError
from impasto.feedforward import render as module
from impasto.feedforward.model import ModelStyle
from impasto.feedforward.render import plan
from impasto.image.colour import MOST_RAISED, Gaussian, contrast
from impasto.image.files import Picture
from impasto.image.resize import resize
from impasto.image.samples import to_bytes
from impasto.painting import Statistics
from impasto.scene import Region, Scene
from impasto.settings import StylizeSettings
from impasto.styles.embedding import blend, interpolate


def difference(a, b):
    return float(np.abs(a - b).mean())


def test_render(astronaut, wave, flow, render):
    painted = render(astronaut, wave)
    assert painted.shape == astronaut.shape
    assert painted.dtype == np.float32
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert np.array_equal(painted, render(astronaut, wave))
    assert difference(painted, astronaut) > 0.02
    assert difference(painted, render(astronaut, flow)) > 0.02


def test_takes_on_the_colours(astronaut, wave, flow, render):
    for style in (wave, flow):
        painted = render(astronaut, style)
        before = np.abs(astronaut.mean((0, 1)) - style.colour_mean).max()
        assert np.abs(painted.mean((0, 1)) - style.colour_mean).max() < max(0.1, 0.7 * before)


@pytest.mark.parametrize("size", [(16, 16), (16, 23), (37, 2000), (2000, 37), (127, 129)])
def test_sizes(size, wave, render):
    photo = np.random.default_rng(1).random((*size, 3), np.float32)
    painted = render(photo, wave)
    assert painted.shape == photo.shape
    assert np.isfinite(painted).all()


def test_padding_does_not_show(astronaut, wave, render):
    """A photo that lacks 3 rows and columns is painted much as the whole, but at the border."""
    whole = render(astronaut, wave)
    part = render(astronaut[:-3, :-3], wave)
    # Statistics change a little with the pixels that are missing.
    assert difference(part[:-16, :-16], whole[:-19, :-19]) < 0.02


def test_borders_are_hardly_tinted(wave, flow, render):
    """The outermost 4 pixels of plain skies have the colours of those 12 pixels further in.

    Strokes differ from sky to sky, so the mean of several counts. Over 12 skies it was 5 of 255 in
    one style and 8 in the other.
    """
    height = np.linspace(0, 1, 200, dtype=np.float32)[:, None, None]
    sky = np.float32((0.4, 0.5, 0.7)) + 0.25 * height
    across = np.minimum(np.arange(240), np.arange(240)[::-1])
    down = np.minimum(np.arange(200), np.arange(200)[::-1])
    depth = np.minimum(across, down[:, None])
    rng = np.random.default_rng(0)
    for style in (wave, flow):
        tints = []
        for _ in range(4):
            grain = rng.normal(0, 0.01, (200, 240, 3)).astype(np.float32)
            painted = render((sky + grain).clip(0, 1), style)
            further_in = painted[(depth >= 16) & (depth < 24)].mean(0)
            tints.append(painted[depth < 4].mean(0) - further_in)
        assert np.abs(np.mean(tints, 0)).mean() < 12 / 255


def test_photo_is_left_alone(astronaut, wave, render):
    before = astronaut.copy()
    render(astronaut, wave)
    render(astronaut, wave, strength=0.5)
    assert np.array_equal(astronaut, before)


def test_flat_photo(wave, render):
    painted = render(np.full((64, 64, 3), 0.5, np.float32), wave)
    assert np.isfinite(painted).all()


def test_strength_runs_evenly_from_the_photo_to_the_painting(astronaut, wave, render):
    steps = [render(astronaut, wave, strength=s / 5) for s in range(6)]
    assert difference(steps[0], astronaut) < 1e-6
    assert np.array_equal(steps[5], render(astronaut, wave))
    distances = [difference(step, astronaut) for step in steps]
    assert distances == sorted(distances)
    changes = [difference(a, b) for a, b in pairwise(steps)]
    assert max(changes) < 3 * min(changes)


def test_strength_has_no_jump_at_its_end(astronaut, wave, render):
    nearly = render(astronaut, wave, strength=0.999)
    assert difference(nearly, render(astronaut, wave)) < 2e-3


def test_ends_of_an_interpolation_paint_as_the_single_styles(astronaut, wave, flow, render):
    for t, style in ((0, wave), (1, flow)):
        mixed = render(astronaut, interpolate(wave, flow, t))
        assert np.array_equal(mixed, render(astronaut, style))


def test_a_blend_lies_between(astronaut, wave, flow, render):
    a, b = (render(astronaut, style) for style in (wave, flow))
    middle = render(astronaut, blend([wave, flow], [1, 1]))
    assert max(difference(middle, a), difference(middle, b)) < difference(a, b)


def scene_of(photo, model, *styles):
    """The left half in the first style, the rest in the second, if there is one."""
    mask = np.zeros((8, 8), np.float32)
    mask[:, :4] = 1
    masks = [mask, None]
    regions = [Region(m, ModelStyle(model, s)) for m, s in zip(masks, styles, strict=False)]
    return Scene(Picture(photo), tuple(regions))


def test_a_scene_painted_by_its_own_statistics_is_the_same(astronaut, wave, flow, model):
    scene, settings = scene_of(astronaut, model, wave, flow), StylizeSettings(strength=0.8)
    first = module.render(scene, settings)
    assert first.tile is None
    assert first.notices == ()
    again = module.render(scene, settings, first.statistics)
    assert again.samples == pytest.approx(first.samples, abs=1e-4)


def test_another_photo_is_painted_alike_by_given_statistics(astronaut, wave, model):
    """As a frame of a film whose light changes: the recolouring does not follow it."""
    darker = 0.5 * astronaut
    settings = StylizeSettings()
    first = module.render(scene_of(astronaut, model, wave), settings)
    free = module.render(scene_of(darker, model, wave), settings)
    held = module.render(scene_of(darker, model, wave), settings, first.statistics)
    left = np.s_[:, :80]
    assert held.samples[left].mean() < free.samples[left].mean() - 0.05


def test_statistics_must_be_as_many_as_the_regions(astronaut, wave, flow, model):
    first = module.render(scene_of(astronaut, model, wave), StylizeSettings())
    with pytest.raises(SettingError, match="1 are given for 2 regions; give one for each"):
        module.render(scene_of(astronaut, model, wave, flow), StylizeSettings(), first.statistics)


def test_tiles_have_statistics_too(wave, model):
    photo = np.random.default_rng(1).random((48, 300, 3), np.float32)
    settings = StylizeSettings(tile=256)
    first = module.render(scene_of(photo, model, wave), settings)
    assert first.tile == 256
    again = module.render(scene_of(photo, model, wave), settings, first.statistics)
    assert again.samples == pytest.approx(first.samples, abs=1e-4)


@pytest.mark.parametrize(
    ("size", "settings", "painted_at"),
    [
        ((4000, 3000), {}, (640, 480)),
        ((4000, 3000), {"work_size": 2000}, (2000, 1500)),
        ((4000, 3000), {"brush": 2}, (320, 240)),
        ((4000, 3000), {"brush": 0.5}, (1280, 960)),
        ((640, 480), {}, (640, 480)),
        ((60, 20), {"brush": 4}, (72, 24)),
    ],
)
def test_where_a_photo_is_painted(size, settings, painted_at, model):
    assert plan(size, StylizeSettings(**settings), model.spec).size == painted_at


@pytest.mark.parametrize(
    ("size", "settings", "painted_over_at"),
    [
        ((4000, 3000), {}, (1536, 1152)),
        ((4000, 3000), {"brush": 2}, (768, 576)),
        ((1000, 500), {}, (1000, 500)),
        ((1000, 500), {"brush": 2}, (500, 250)),
        ((451, 300), {"brush": 2}, None),  # coarse strokes stay coarse
        ((800, 600), {}, None),  # too little larger than 640
        ((640, 480), {}, None),
        ((4000, 3000), {"work_size": 2000}, None),
    ],
)
def test_where_a_painting_is_painted_over(size, settings, painted_over_at, model):
    detail = plan(size, StylizeSettings(**settings), model.spec).detail
    assert (None if detail is None else detail.size) == painted_over_at


@pytest.mark.parametrize("period", [2, 4])
def test_the_grid_of_the_network_is_not_painted_over(period):
    wave = np.cos(2 * np.pi * np.arange(48) / period)
    grid = np.zeros((48, 48, 3), np.float32) + 0.5
    grid += 0.1 * (wave[:, None, None] + wave[None, :, None]).astype(np.float32)
    left = module.without_grid(grid)[4:-4, 4:-4]
    assert left == pytest.approx(np.full_like(left, 0.5), abs=1e-6)


def test_a_second_pass_keeps_the_forms_and_adds_finer_strokes(wave, model):
    """What differs between one pass and two lies in fine detail."""
    photo = resize(np.random.default_rng(1).random((6, 10, 3), np.float32), (1000, 600))
    scene = scene_of(photo, model, wave)
    two = module.render(scene, StylizeSettings())
    one = module.render(scene, StylizeSettings(work_size=640))
    assert two.statistics[0].detail is not None
    assert one.statistics[0].detail is None
    assert np.abs(two.samples - one.samples).mean() > 0.005
    coarse_two, coarse_one = (resize(r.samples, (20, 12)) for r in (two, one))
    assert np.abs(coarse_two - coarse_one).mean() < 0.1
    again = module.render(scene, StylizeSettings(), two.statistics)
    assert again.samples == pytest.approx(two.samples, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_half_of_what_the_second_pass_paints_is_the_photo_in_the_styles_colours(dtype):
    matrix, offset = np.diag([1, 0.5, 2]).astype(np.float32), np.float32([0, 0.1, 0])
    first_pass = Statistics("", {"matrix": matrix, "offset": offset}, np.zeros((2, 1), np.float32))
    photo = np.full((4, 5, 3), (0.2, 0.4, 0.8), np.float32)
    painting = np.full((4, 5, 3), 0.6, np.float32)
    if dtype == np.uint8:
        photo = to_bytes(photo)
    mixed = module.with_photo(painting, photo, first_pass)
    recoloured = (0.2, 0.3, 1.0)  # clipped
    expected = module.PAINTED * 0.6 + (1 - module.PAINTED) * np.float32(recoloured)
    assert mixed == pytest.approx(np.broadcast_to(expected, mixed.shape), abs=1e-6)


@pytest.mark.parametrize(("of_photo", "bound"), [(0.2, 0.15), (0.12, 0.12)])
def test_a_dull_style_paints_with_contrast_in_one_pass_and_in_two(model, wave, of_photo, bound):
    """The contrast of the photo that is painted bounds it in both passes."""
    rng = np.random.default_rng(1)
    photo = np.repeat(np.repeat(rng.normal(0.5, of_photo, (30, 40, 1)), 25, 0), 25, 1)
    photo = photo.clip(0, 1).repeat(3, 2).astype(np.float32)
    dull = replace(wave, colour_covariance=wave.colour_covariance / 9)
    found = []
    for least in (0.0, 0.15):
        settings = StylizeSettings(contrast=least)
        scene = Scene(Picture(photo), (Region(None, ModelStyle(model, dull)),))
        [used] = module.render(scene, settings).statistics
        roots = [used.inputs["colour_root"][0], used.detail.inputs["colour_root"][0]]
        found.append([contrast(Gaussian(wave.colour_mean, root @ root)) for root in roots])
    before, after = found
    assert before == pytest.approx([contrast_of(dull)] * 2, rel=1e-3)
    assert contrast_of(dull) < 0.11
    assert after == pytest.approx([min(bound, MOST_RAISED * contrast_of(dull))] * 2, rel=0.03)


def contrast_of(style):
    return contrast(Gaussian(style.colour_mean, style.colour_covariance))
