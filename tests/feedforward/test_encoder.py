import numpy as np
import pytest

from impasto.feedforward import encoder
from impasto.feedforward.encoder import encode
from impasto.feedforward.session import network
from impasto.image.resize import resize
from impasto.styles.embedding import SIZE


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((120, 200, 3), np.float32)


def test_encode(picture):
    style = encode(picture, device="cpu")
    assert style.vector.shape == (SIZE,)
    assert style.encoder == network("style_encoder.onnx", "cpu").metadata["encoder"]
    assert style.colour_mean == pytest.approx(picture.mean((0, 1)), abs=2e-3)
    assert np.array_equal(style.vector, encode(picture, device="cpu").vector)


@pytest.mark.parametrize("size", [(16, 16), (17, 300), (2000, 37), (255, 257)])
def test_sizes(size):
    picture = np.random.default_rng(1).random((*size, 3), np.float32)
    assert encode(picture, device="cpu").vector.shape == (SIZE,)


def test_what_need_not_be_resized_is_left_alone(monkeypatch):
    picture = np.random.default_rng(1).integers(0, 256, (64, 48, 3), np.uint8)
    resized = encode(resize(picture, (48, 64)), device="cpu")
    monkeypatch.setattr(encoder, "resize", None)
    found = encode(picture, device="cpu")
    assert np.array_equal(found.vector, resized.vector)
    assert np.array_equal(found.colour_covariance, resized.colour_covariance)


def test_size_hardly_matters(wave, astronaut):
    """Of one picture at two sizes above `SIDE` the styles are nearly the same."""
    large = np.kron(astronaut, np.ones((4, 4, 1), np.float32))
    larger = np.kron(astronaut, np.ones((6, 6, 1), np.float32))
    a, b = encode(large, device="cpu"), encode(larger, device="cpu")
    assert np.abs(a.vector - b.vector).mean() < 0.1 * np.abs(a.vector - wave.vector).mean()
