"""The sample photos and styles, small enough to be painted at once."""

from pathlib import Path

import pytest

from impasto.feedforward.model import FeedforwardModel, ModelStyle
from impasto.feedforward.render import render as render_scene
from impasto.image.files import Picture, read
from impasto.image.resize import fit_down, resize
from impasto.models.assets import FOLDER
from impasto.scene import Region, Scene
from impasto.settings import StylizeSettings

SAMPLES = Path(__file__).parents[2] / "samples"


def sample(name, side):
    picture = read(SAMPLES / name)
    return resize(picture.pixels, fit_down(picture.size, side))


@pytest.fixture(scope="session")
def astronaut():
    """(160, 160, 3)."""
    return sample("photos/astronaut.jpg", 160)


@pytest.fixture(scope="session")
def model():
    """The network that paints any picture's style."""
    return FeedforwardModel(FOLDER / "painter.onnx", "cpu")


@pytest.fixture(scope="session")
def wave(model):
    """The style of a woodblock print."""
    return model.encode(sample("styles/wave.jpg", 256))


@pytest.fixture(scope="session")
def flow(model):
    """The style of swirling strokes."""
    return model.encode(sample("styles/flow.jpg", 256))


@pytest.fixture(scope="session")
def render(model):
    """Paints all of a photo in one style."""

    def paint(photo, style, **settings):
        scene = Scene(Picture(photo), (Region(None, ModelStyle(model, style)),))
        return render_scene(scene, StylizeSettings(**settings)).samples

    return paint
