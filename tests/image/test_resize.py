from threading import Barrier, get_ident

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.image import resize as resizing
from impasto.image.resize import BAND, THREADS, fit, fit_down, in_bands, resize
from impasto.system.cores import limited

_SIDES = st.integers(1, 40_000)


@pytest.mark.parametrize(
    ("size", "long_side", "expected"),
    [
        ((400, 300), 200, (200, 150)),
        ((300, 400), 200, (150, 200)),
        ((400, 300), 800, (800, 600)),
        ((10_000, 2), 100, (100, 1)),
    ],
)
def test_fit(size, long_side, expected):
    assert fit(size, long_side) == expected


@given(st.tuples(_SIDES, _SIDES), _SIDES)
def test_fit_properties(size, long_side):
    width, height = fit(size, long_side)
    assert max(width, height) == long_side
    assert min(width, height) >= 1
    assert (width >= height) if size[0] >= size[1] else (width <= height)


@pytest.mark.parametrize(("size", "long_side"), [((0, 5), 10), ((5, 5), 0)])
def test_fit_refuses_nothing(size, long_side):
    with pytest.raises(ValueError, match="cannot fit"):
        fit(size, long_side)


@pytest.mark.parametrize(
    ("long_side", "expected"), [(200, (200, 150)), (400, (400, 300)), (4000, (400, 300))]
)
def test_limit(long_side, expected):
    assert fit_down((400, 300), long_side) == expected


@pytest.mark.parametrize("shape", [(20, 32), (20, 32, 3), (20, 32, 1)])
@pytest.mark.parametrize("size", [(7, 5), (64, 50), (1, 1)])
def test_resize_shape(shape, size):
    resized = resize(np.full(shape, 0.3, np.float32), size)
    assert resized.shape == (size[1], size[0], *shape[2:])
    assert resized.dtype == np.float32
    assert resized == pytest.approx(0.3, abs=1e-6)


def test_resize_to_same_size_is_exact(rng):
    pixels = rng.random((20, 32, 3), dtype=np.float32)
    assert np.array_equal(resize(pixels, (32, 20)), pixels)


def test_resize_does_not_alias():
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::2] = 1
    assert resize(stripes, (16, 16)) == pytest.approx(0.5, abs=0.05)


def test_resize_clips_overshoot():
    edge = np.zeros((16, 16), np.float32)
    edge[:, 8:] = 1
    resized = resize(edge, (64, 64))
    assert resized.min() == 0
    assert resized.max() == 1


def test_resize_keeps_more_than_8_bits():
    ramp = np.tile(np.linspace(0.5, 0.51, 64, dtype=np.float32), (16, 1))
    assert len(np.unique(resize(ramp, (128, 16))[8])) > 60


def test_resize_accepts_strided_views(rng):
    pixels = rng.random((20, 32, 3), dtype=np.float32)
    assert np.allclose(
        resize(pixels[:, ::-1], (16, 10)), resize(pixels, (16, 10))[:, ::-1], atol=1e-5
    )


@pytest.mark.parametrize("size", [(9, 7), (40, 33), (201, 111), (300, 400)])
def test_resize_in_bands_is_resize_in_one(rng, size, monkeypatch):
    values = rng.random((111, 201, 3)).astype(np.float32)
    whole = resize(values, size)
    monkeypatch.setattr(resizing, "BAND", 1000)
    assert resize(values, size) == pytest.approx(whole, abs=2e-6)


def test_resize_takes_8_bits(rng):
    coarse = rng.integers(0, 256, (40, 30, 3), np.uint8)
    exact = (coarse / 255).astype(np.float32)
    assert resize(coarse, (17, 23)) == pytest.approx(resize(exact, (17, 23)), abs=1e-6)


@given(st.integers(1, 5000), st.integers(1, 5_000_000))
def test_bands_cover_a_picture_once(height, width):
    rows: list[int] = []
    in_bands(height, width, lambda band: rows.extend(range(band.start, band.stop)))
    assert sorted(rows) == list(range(height))


@pytest.mark.parametrize("threads", ["1", "3"])
def test_what_fails_in_a_band_is_raised(monkeypatch, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)

    def work(band: slice) -> None:
        if band.start > 0:
            raise MemoryError

    with pytest.raises(MemoryError):
        in_bands(4000, 2000, work)


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (3, 3), (100, THREADS)])
def test_bands_take_as_many_threads_as_they_may(limit, most):
    seen, wait = set(), Barrier(most)

    def work(band: slice) -> None:
        seen.add(get_ident())
        if len(seen) <= most and band.start < most * (BAND // 2000):
            wait.wait(10)

    with limited(limit):
        in_bands(3000, 2000, work)
    assert len(seen) == most
