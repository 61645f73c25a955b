import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impasto.image import colour
from impasto.image.samples import LUMA

_PIXELS = arrays(np.float32, (4, 5, 3), elements=st.floats(0, 1, width=32))


def _picture(rng, low, high, size=(40, 50)):
    return rng.uniform(low, high, (*size, 3)).astype(np.float32)


def _statistics(pixels):
    flat = pixels.reshape(-1, 3).astype(np.float64)
    return flat.mean(axis=0), np.cov(flat.T)


def _hue(lab):
    return np.arctan2(lab[..., 2], lab[..., 1])


@pytest.mark.parametrize(
    ("encoded", "linear"), [(0, 0), (0.04045, 0.0031308), (0.5, 0.2140411), (1, 1)]
)
def test_srgb_to_linear_known_values(encoded, linear):
    pixels = np.full((1, 1, 3), encoded, np.float32)
    assert colour.srgb_to_linear(pixels) == pytest.approx(linear, abs=1e-6)
    assert colour.linear_to_srgb(np.full_like(pixels, linear)) == pytest.approx(encoded, abs=1e-5)


@given(_PIXELS)
def test_srgb_round_trip(pixels):
    back = colour.linear_to_srgb(colour.srgb_to_linear(pixels))
    assert back.dtype == np.float32
    assert np.allclose(back, pixels, atol=1e-5)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (1, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 1, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 1), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_rgb_to_oklab_known_values(rgb, lab):
    pixels = np.array(rgb, np.float32)[None, None]
    assert colour.rgb_to_oklab(pixels)[0, 0] == pytest.approx(np.array(lab), abs=2e-4)


@given(_PIXELS)
def test_oklab_round_trip(pixels):
    back = colour.oklab_to_rgb(colour.rgb_to_oklab(pixels))
    assert back.dtype == np.float32
    assert np.allclose(back, pixels, atol=1e-3)


def test_reduce_chroma_leaves_colours_in_gamut(rng):
    lab = colour.rgb_to_oklab(_picture(rng, 0, 1))
    assert np.allclose(colour.reduce_chroma(lab), lab, atol=2e-4)


def test_reduce_chroma_keeps_lightness_and_hue(rng):
    lab = np.empty((30, 30, 3), np.float32)
    lab[..., 0] = rng.uniform(0.1, 0.95, (30, 30))
    lab[..., 1:] = rng.uniform(-1, 1, (30, 30, 2))
    reduced = colour.reduce_chroma(lab)
    shown = colour.rgb_to_oklab(colour.oklab_to_rgb(reduced))
    chroma = np.hypot(reduced[..., 1], reduced[..., 2])
    assert (chroma <= np.hypot(lab[..., 1], lab[..., 2]) + 1e-6).all()
    assert np.abs(shown[..., 0] - lab[..., 0]).max() < 0.01
    turned = np.abs(np.angle(np.exp(1j * (_hue(shown) - _hue(lab)))))
    assert turned[chroma > 0.03].max() < 0.1


def test_reduce_chroma_clips_lightness():
    lab = np.array([[[1.4, 0.1, 0.1], [-0.2, 0.1, 0.0]]], np.float32)
    assert colour.oklab_to_rgb(colour.reduce_chroma(lab))[0] == pytest.approx(
        np.array([[1, 1, 1], [0, 0, 0]]), abs=0.02
    )


def test_gaussian_is_mean_and_covariance(rng):
    pixels = _picture(rng, 0.2, 0.9)
    mean, covariance = _statistics(pixels)
    count = pixels[..., 0].size
    found = colour.gaussian(pixels)
    assert found.mean == pytest.approx(mean, abs=1e-7)
    assert found.covariance == pytest.approx(covariance * (count - 1) / count, abs=1e-7)
    assert np.array_equal(colour.gaussian(pixels[::2, ::3]).mean, _statistics(pixels[::2, ::3])[0])


def grey(deviation):
    """Colours that differ in lightness alone."""
    return colour.Gaussian(np.full(3, 0.5), np.full((3, 3), deviation**2))


@pytest.mark.parametrize(
    ("of_style", "of_photo", "expected"),
    [(0.1, 0.3, 0.15), (0.2, 0.3, 0.2), (0.1, 0.12, 0.12), (0.1, 0.05, 0.1), (0.02, 0.3, 0.04)],
)
def test_little_contrast_is_raised_to_that_of_the_photo_within_bounds(of_style, of_photo, expected):
    raised = colour.with_contrast(grey(of_style), grey(of_photo), 0.15)
    assert colour.contrast(raised) == pytest.approx(expected)
    assert np.array_equal(raised.mean, np.full(3, 0.5))


def test_with_contrast_colour_without_luma_is_raised_less():
    axis = np.array([0.08, 0.02, -0.04])  # of the only colours there are
    raised = colour.with_contrast(
        colour.Gaussian(np.full(3, 0.5), np.outer(axis, axis)), grey(0.3), 0.15
    )
    lightness = LUMA @ axis
    factor = min(colour.MOST_RAISED, 0.15 / abs(lightness))
    expected = factor * lightness + np.sqrt(factor) * (axis - lightness)
    assert raised.covariance == pytest.approx(np.outer(expected, expected))


def test_transfer_luminance_takes_colour_of_photo(rng):
    photo, painted = _picture(rng, 0.35, 0.6), _picture(rng, 0.2, 0.9)
    result = colour.rgb_to_oklab(colour.transfer_luminance(painted, photo))
    original, strokes = colour.rgb_to_oklab(photo), colour.rgb_to_oklab(painted)
    assert np.allclose(result[..., 1:], original[..., 1:], atol=0.01)
    assert np.corrcoef(result[..., 0].ravel(), strokes[..., 0].ravel())[0, 1] > 0.99
    assert result[..., 0].mean() == pytest.approx(original[..., 0].mean(), abs=0.01)
    assert result[..., 0].std() == pytest.approx(original[..., 0].std(), abs=0.01)


def test_transfer_luminance_of_photo_onto_itself(rng):
    photo = _picture(rng, 0, 1)
    assert np.allclose(colour.transfer_luminance(photo, photo), photo, atol=0.01)


def test_transfer_luminance_of_flat_painting(rng):
    flat = np.full((40, 50, 3), 0.5, np.float32)
    result = colour.transfer_luminance(flat, _picture(rng, 0, 1))
    assert np.isfinite(result).all()
    assert colour.rgb_to_oklab(result)[..., 0].std() < 0.01


def test_transfer_luminance_refuses_other_size(rng):
    with pytest.raises(ValueError, match="the photo"):
        colour.transfer_luminance(_picture(rng, 0, 1), _picture(rng, 0, 1, (10, 10)))


def test_match_mean_covariance_reaches_statistics(rng):
    mix = np.array([[0.3, 0.1, 0.0], [0.1, 0.2, 0.1], [0.0, 0.1, 0.3]], np.float32)
    reference = _picture(rng, 0, 1, (30, 30)) @ mix + 0.25
    result = colour.match_mean_covariance(_picture(rng, 0.2, 0.8), reference)
    mean, covariance = _statistics(result)
    expected_mean, expected_covariance = _statistics(reference)
    assert result.dtype == np.float32
    assert mean == pytest.approx(expected_mean, abs=2e-3)
    assert covariance == pytest.approx(expected_covariance, abs=1e-3)


def test_match_mean_covariance_with_itself_changes_nothing(rng):
    picture = _picture(rng, 0, 1)
    assert np.allclose(colour.match_mean_covariance(picture, picture), picture, atol=1e-4)


@pytest.mark.parametrize("kind", ["flat", "grey"])
def test_match_mean_covariance_of_singular_colours(kind, rng):
    shape = (1, 1, 1) if kind == "flat" else (40, 50, 1)
    picture = np.broadcast_to(rng.random(shape, np.float32), (40, 50, 3))
    noisy = (picture + rng.normal(0, 0.002, (40, 50, 3))).astype(np.float32)
    reference = _picture(rng, 0.3, 0.7)
    result = colour.match_mean_covariance(noisy, reference)
    mean, _ = _statistics(result)
    assert mean == pytest.approx(_statistics(reference)[0], abs=0.02)
    # Colour noise of 0.002 must stay noise, not become the reference's spread of 0.12.
    assert (result - result.mean(axis=2, keepdims=True)).std(axis=(0, 1)).max() < 0.05


def test_match_histogram_reaches_distributions(rng):
    image, reference = _picture(rng, 0.2, 0.8), _picture(rng, 0.4, 0.6, (30, 70))
    result = colour.rgb_to_oklab(colour.match_histogram(image, reference))
    target = colour.rgb_to_oklab(reference)
    points = np.linspace(0.02, 0.98, 25)
    for channel in range(3):
        reached = np.quantile(result[..., channel], points)
        assert reached == pytest.approx(np.quantile(target[..., channel], points), abs=0.01)


def test_match_histogram_keeps_flat_areas_flat(rng):
    image = _picture(rng, 0, 1)
    image[:20] = 0.5
    result = colour.match_histogram(image, _picture(rng, 0, 1))
    assert np.ptp(result[:20].reshape(-1, 3), axis=0).max() == 0


def test_match_histogram_does_not_stretch_the_colour_noise_of_a_grey_picture(rng):
    grey = np.repeat(_picture(rng, 0.2, 0.8)[..., :1], 3, axis=2)
    noisy = grey + rng.normal(0, 0.001, grey.shape).astype(np.float32)
    for image in (grey, noisy):
        result = colour.rgb_to_oklab(colour.match_histogram(image, _picture(rng, 0, 1)))
        assert result[..., 1:].std() < 0.03


def test_match_luminance_of_another_size(rng):
    image, reference = _picture(rng, 0.2, 0.9), _picture(rng, 0.35, 0.5, (20, 30))
    found, wanted = (
        colour.rgb_to_oklab(p)[..., 0]
        for p in (colour.match_luminance(image, reference), reference)
    )
    assert found.mean() == pytest.approx(wanted.mean(), abs=0.01)
    assert found.std() == pytest.approx(wanted.std(), abs=0.01)


def test_match_histogram_with_itself_changes_nothing(rng):
    picture = _picture(rng, 0, 1)
    assert np.allclose(colour.match_histogram(picture, picture), picture, atol=2e-3)


@pytest.mark.parametrize(
    "function", [colour.transfer_luminance, colour.match_mean_covariance, colour.match_histogram]
)
@settings(max_examples=20)
@given(_PIXELS, _PIXELS)
def test_transfers_are_finite_and_in_range(function, image, reference):
    result = function(image, reference)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    assert ((result >= 0) & (result <= 1)).all()
