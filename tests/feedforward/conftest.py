"""The sample photos and styles, small enough to be painted at once."""

from pathlib import Path

import pytest

from impasto.feedforward.encoder import encode
from impasto.image.files import read
from impasto.image.resize import limit, resize

SAMPLES = Path(__file__).parents[2] / "samples"


def sample(name, side):
    picture = read(SAMPLES / name)
    return resize(picture.pixels, limit(picture.size, side))


@pytest.fixture(scope="session")
def astronaut():
    """(160, 160, 3)."""
    return sample("photos/astronaut.jpg", 160)


@pytest.fixture(scope="session")
def wave():
    """The style of a woodblock print."""
    return encode(sample("styles/wave.jpg", 256), device="cpu")


@pytest.fixture(scope="session")
def flow():
    """The style of swirling strokes."""
    return encode(sample("styles/flow.jpg", 256), device="cpu")
