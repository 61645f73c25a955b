"""Every colour mode against the statistics that define it."""

import numpy as np
import pytest

from impasto.image.colour import contrast, gaussian, rgb_to_oklab
from impasto.optimization.colours import contrasted, finish, prepare
from impasto.optimization.regions import StylePicture


@pytest.fixture
def photo(blotches):
    """Muted, dark and bluish."""
    pixels = np.asarray(blotches(1, 48, 40), np.float32) / 255
    return (0.15 + 0.4 * pixels * np.float32([0.6, 0.8, 1])).astype(np.float32)


@pytest.fixture
def other(blotches):
    return np.asarray(blotches(2, 48, 40), np.float32) / 255


def test_in_the_styles_colours_nothing_is_touched(photo, other):
    assert prepare(other, photo, "style") is other
    assert finish(other, photo, "style") is other


def test_a_style_with_enough_contrast_is_not_touched(photo, other):
    found = contrast(gaussian(other))
    style = StylePicture(other, 1.0, None)
    assert contrasted(style, photo, found - 0.01) is style


def test_the_contrast_of_a_style_is_raised(photo, other):
    dull = 0.5 + (other - other.mean((0, 1))) * np.float32(0.3)
    before = contrast(gaussian(dull))
    least = min(1.5 * before, contrast(gaussian(photo)))
    raised = contrasted(StylePicture(dull, 1.0, None), photo, 1.5 * before).image
    assert contrast(gaussian(raised)) == pytest.approx(least, rel=0.01)
    assert raised.mean((0, 1)) == pytest.approx(dull.mean((0, 1)), abs=1e-3)


def test_the_contrast_of_a_style_is_that_of_what_counts_of_it(photo, other):
    dull = 0.5 + (other - other.mean((0, 1))) * np.float32(0.3)
    stark = np.concatenate([dull, np.zeros_like(dull), np.ones_like(dull)])
    counts = np.zeros(stark.shape[:2], np.float32)
    counts[: len(dull)] = 1
    least = 1.5 * contrast(gaussian(dull))
    raised = contrasted(StylePicture(stark, 1.0, counts), photo, least).image[: len(dull)]
    assert raised == pytest.approx(
        contrasted(StylePicture(dull, 1.0, None), photo, least).image, abs=1e-4
    )


def test_luminance_matches_the_styles_lightness_and_keeps_its_hues(photo, other):
    prepared = rgb_to_oklab(prepare(other, photo, "luminance"))
    wanted = rgb_to_oklab(photo)[..., 0]
    assert prepared[..., 0].mean() == pytest.approx(wanted.mean(), abs=5e-3)
    assert prepared[..., 0].std() == pytest.approx(wanted.std(), abs=5e-3)
    before = rgb_to_oklab(other)
    chroma = np.hypot(prepared[..., 1], prepared[..., 2])
    turned = (prepared[..., 1:] * before[..., 1:]).sum(-1) / (
        chroma * np.hypot(before[..., 1], before[..., 2])
    )
    assert turned[chroma > 0.05].min() > 0.99


def test_luminance_ends_with_the_painted_lightness_and_the_photos_colours(photo, other):
    finished, wanted = (rgb_to_oklab(p) for p in (finish(other, photo, "luminance"), photo))
    painted = rgb_to_oklab(other)[..., 0]
    assert np.abs(finished[..., 1:] - wanted[..., 1:]).mean() < 5e-3
    assert np.corrcoef(finished[..., 0].ravel(), painted.ravel())[0, 1] > 0.99


def test_linear_gives_the_style_the_photos_mean_and_covariance(photo, other):
    found, wanted = gaussian(prepare(other, photo, "linear")), gaussian(photo)
    assert found.mean == pytest.approx(wanted.mean, abs=5e-3)
    assert found.covariance == pytest.approx(wanted.covariance, abs=5e-3)
    assert finish(other, photo, "linear") is other


def test_histogram_gives_the_painting_the_photos_distribution(photo, other):
    assert prepare(other, photo, "histogram") is other
    found, wanted = (rgb_to_oklab(p) for p in (finish(other, photo, "histogram"), photo))
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        quantiles = (np.quantile(lab, share, axis=(0, 1)) for lab in (found, wanted))
        assert np.allclose(*quantiles, atol=0.015)


@pytest.mark.parametrize("colour", ["luminance", "linear", "histogram"])
def test_a_grey_photo_makes_a_grey_painting_and_a_grey_style_no_noise(photo, other, colour):
    grey = np.repeat(photo.mean(axis=2, keepdims=True), 3, axis=2)
    painted = finish(prepare(other, grey, colour), grey, colour)
    assert np.abs(painted - painted.mean(axis=2, keepdims=True)).max() < 0.03
    from_grey = finish(prepare(grey, photo, colour), photo, colour)
    assert np.isfinite(from_grey).all()
    # The strokes of the grey style are those of the result: no speckle of its own.
    assert np.abs(np.diff(from_grey, axis=1)).max() < 4 * np.abs(np.diff(grey, axis=1)).max()


@pytest.mark.parametrize("colour", ["luminance", "linear", "histogram"])
def test_flat_pictures_stay_finite_and_in_range(photo, colour):
    for flat in (np.zeros_like(photo), np.ones_like(photo), np.full_like(photo, 0.3)):
        for style, model in ((flat, photo), (photo, flat), (flat, flat)):
            found = finish(prepare(style, model, colour), model, colour)
            assert np.isfinite(found).all()
            assert 0 <= found.min() <= found.max() <= 1
