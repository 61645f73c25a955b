from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from impasto.errors import InputError, SettingError
from impasto.feedforward.encoder import encode
from impasto.feedforward.stylizer import recolouring, render
from impasto.styles.embedding import SIZE, blend, interpolate


def difference(a, b):
    return float(np.abs(a - b).mean())


def test_render(astronaut, wave, flow):
    painted = render(astronaut, wave, device="cpu")
    assert painted.shape == astronaut.shape
    assert painted.dtype == np.float32
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert np.array_equal(painted, render(astronaut, wave, device="cpu"))
    assert difference(painted, astronaut) > 0.02
    assert difference(painted, render(astronaut, flow, device="cpu")) > 0.02


def test_takes_on_the_colours(astronaut, wave, flow):
    for style in (wave, flow):
        painted = render(astronaut, style, device="cpu")
        before = np.abs(astronaut.mean((0, 1)) - style.colour_mean).max()
        assert np.abs(painted.mean((0, 1)) - style.colour_mean).max() < max(0.1, 0.7 * before)


@pytest.mark.parametrize("size", [(16, 16), (16, 23), (37, 2000), (2000, 37), (127, 129)])
def test_sizes(size, wave):
    photo = np.random.default_rng(1).random((*size, 3), np.float32)
    painted = render(photo, wave, device="cpu")
    assert painted.shape == photo.shape
    assert np.isfinite(painted).all()


def test_padding_does_not_show(astronaut, wave):
    """A photo that lacks 3 rows and columns is painted much as the whole, but at the border."""
    whole = render(astronaut, wave, device="cpu")
    part = render(astronaut[:-3, :-3], wave, device="cpu")
    # Statistics change a little with the pixels that are missing.
    assert difference(part[:-16, :-16], whole[:-19, :-19]) < 0.02


def test_borders_are_not_tinted(wave, flow):
    """The outermost 4 pixels of a plain sky have the colours of those 12 pixels further in."""
    height = np.linspace(0, 1, 200, dtype=np.float32)[:, None, None]
    grain = np.random.default_rng(0).normal(0, 0.01, (200, 240, 3))
    sky = np.float32((0.4, 0.5, 0.7)) + 0.25 * height + grain.astype(np.float32)
    across = np.minimum(np.arange(240), np.arange(240)[::-1])
    down = np.minimum(np.arange(200), np.arange(200)[::-1])
    depth = np.minimum(across, down[:, None])
    for style in (wave, flow):
        painted = render(sky.clip(0, 1), style, device="cpu")
        outermost = painted[depth < 4].mean(0)
        further_in = painted[(depth >= 16) & (depth < 24)].mean(0)
        assert difference(outermost, further_in) < 7 / 255


def test_photo_is_left_alone(astronaut, wave):
    before = astronaut.copy()
    render(astronaut, wave, device="cpu")
    render(astronaut, wave, strength=0.5, device="cpu")
    assert np.array_equal(astronaut, before)


def test_flat_photo(wave):
    painted = render(np.full((64, 64, 3), 0.5, np.float32), wave, device="cpu")
    assert np.isfinite(painted).all()


def test_strength_runs_evenly_from_the_photo_to_the_painting(astronaut, wave):
    steps = [render(astronaut, wave, strength=s / 5, device="cpu") for s in range(6)]
    assert difference(steps[0], astronaut) < 1e-6
    assert np.array_equal(steps[5], render(astronaut, wave, device="cpu"))
    distances = [difference(step, astronaut) for step in steps]
    assert distances == sorted(distances)
    changes = [difference(a, b) for a, b in pairwise(steps)]
    assert max(changes) < 3 * min(changes)


def test_strength_has_no_jump_at_its_end(astronaut, wave):
    nearly = render(astronaut, wave, strength=0.999, device="cpu")
    assert difference(nearly, render(astronaut, wave, device="cpu")) < 2e-3


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_refuses_strengths(astronaut, wave, strength):
    with pytest.raises(SettingError, match=r"strength is .*at least 0 and at most 1"):
        render(astronaut, wave, strength=strength)


def test_ends_of_an_interpolation_paint_as_the_single_styles(astronaut, wave, flow):
    for t, style in ((0, wave), (1, flow)):
        mixed = render(astronaut, interpolate(wave, flow, t), device="cpu")
        assert np.array_equal(mixed, render(astronaut, style, device="cpu"))


def test_a_blend_lies_between(astronaut, wave, flow):
    a, b = (render(astronaut, style, device="cpu") for style in (wave, flow))
    middle = render(astronaut, blend([wave, flow], [1, 1]), device="cpu")
    assert max(difference(middle, a), difference(middle, b)) < difference(a, b)


def test_refuses_styles_of_another_encoder(astronaut, wave):
    other = replace(wave, encoder="0" * 16, title="Wave")
    with pytest.raises(InputError, match=r"'Wave' was made by another version .* add it anew"):
        render(astronaut, other)


def test_refuses_styles_that_make_no_picture(astronaut, wave):
    """Negative deviations, whose logarithm is none."""
    hostile = replace(wave, vector=np.full(SIZE, -9, np.float32))
    with pytest.raises(InputError, match="those of no picture"):
        render(astronaut, hostile, device="cpu")


def recoloured(photo, style):
    matrix, offset = recolouring(photo, style)
    return photo @ matrix.T + offset


def test_recolouring_moves_mean_and_covariance(wave):
    photo = np.random.default_rng(1).uniform(0.3, 0.6, (60, 80, 3)).astype(np.float32)
    style = replace(
        wave,
        colour_mean=np.array([0.4, 0.5, 0.6], np.float32),
        colour_covariance=(0.003 * np.eye(3) + 0.002).astype(np.float32),
    )
    colours = recoloured(photo, style).reshape(-1, 3).T.astype(np.float64)
    assert colours.mean(1) == pytest.approx(style.colour_mean, abs=2e-3)
    assert np.cov(colours) == pytest.approx(style.colour_covariance, abs=2e-4)


def test_recolouring_is_the_one_of_the_training():
    torch = pytest.importorskip("torch")
    from impasto.training.stylizer import recolour as trained

    rng = np.random.default_rng(1)
    photo = rng.random((64, 48, 3), np.float32) ** 2
    picture = 0.5 * rng.random((56, 64, 3), np.float32)

    def tensor(pixels):
        return torch.from_numpy(pixels).permute(2, 0, 1)[None]

    expected = trained(tensor(photo), tensor(picture))[0].permute(1, 2, 0).numpy()
    colours = picture.reshape(-1, 3)
    style = replace(
        encode(picture, device="cpu"),
        colour_mean=colours.mean(0),
        colour_covariance=np.cov(colours.T, bias=True).astype(np.float32),
    )
    assert recoloured(photo, style).clip(0, 1) == pytest.approx(expected, abs=2e-4)


def test_colours_of_large_photos_are_counted_on_a_grid(wave):
    rng = np.random.default_rng(1)
    photo = np.repeat(np.repeat(rng.random((64, 96, 3), np.float32), 9, 0), 9, 1)
    small = recoloured(photo[::9, ::9], wave)
    assert recoloured(photo, wave)[::9, ::9] == pytest.approx(small, abs=0.02)
