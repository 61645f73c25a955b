"""Artworks in other colours, sharper, in flat areas."""

import numpy as np
import pytest
from PIL import Image

from impasto.image.samples import LUMA
from impasto.training import augmentation
from impasto.training.augmentation import augment, colour_change, flattened


@pytest.fixture
def artwork():
    """Noise, smooth enough to have areas and edges."""
    noise = np.random.default_rng(1).integers(0, 256, (12, 10, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((80, 96), Image.Resampling.BICUBIC))


def test_many_are_varied_and_many_are_not(artwork):
    results = [augment(artwork, np.random.default_rng(seed)) for seed in range(60)]
    assert all(r.shape == artwork.shape and r.dtype == np.uint8 for r in results)
    unchanged = sum(np.array_equal(r, artwork) for r in results)
    assert 5 < unchanged < 30
    assert len({r.tobytes() for r in results}) > 0.8 * (60 - unchanged)  # two may be alike


def test_the_same_by_the_same_numbers(artwork):
    one, other = (augment(artwork, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, other)


def test_flattened_has_large_areas_of_few_colours(artwork):
    flat = np.asarray(flattened(Image.fromarray(artwork), 1.0, 5))
    _, counts = np.unique(flat.reshape(-1, 3), axis=0, return_counts=True)
    assert np.sort(counts)[-5:].sum() > 0.5 * counts.sum()


@pytest.mark.parametrize("seed", range(8))
def test_colour_change_keeps_greys_grey(seed):
    mean = np.array([90.0, 120.0, 60.0])
    change = colour_change(mean, np.random.default_rng(seed))
    greys = np.repeat([[0.0], [100.0], [255.0]], 3, 1)
    changed = greys @ change[:, :3].T + change[:, 3]
    assert np.allclose(changed, changed[:, :1])
    contrast = np.diff(changed[:, 0]) / np.diff(greys[:, 0])
    assert np.allclose(contrast, contrast[0])
    assert 0.7 < contrast[0] < 1.9
    grey = mean @ LUMA
    assert abs(change[:, :3].sum(1) * grey + change[:, 3] - grey).max() <= 25


def test_colour_change_makes_dull_and_bright():
    mean, red = np.full(3, 128.0), np.array([180.0, 110.0, 110.0])
    changes = [colour_change(mean, np.random.default_rng(seed))[:, :3] for seed in range(40)]
    saturation = np.array([np.ptp(change @ red) for change in changes]) / np.ptp(red)
    assert saturation.min() < 0.85
    assert saturation.max() > 1.5


def test_some_are_only_sharpened(artwork):
    def edges(picture):
        return np.abs(np.diff(picture.astype(float), axis=1)).mean()

    results = []
    for seed in range(100):
        flatten, recolour, _ = np.random.default_rng(seed).random(3)
        if flatten >= augmentation.FLATTENED and recolour >= augmentation.RECOLOURED:
            results.append(augment(artwork, np.random.default_rng(seed)))
    ratios = np.array([edges(result) / edges(artwork) for result in results])
    assert 0.2 < (ratios > 1.02).mean() < 0.6
    assert ratios.min() == 1
