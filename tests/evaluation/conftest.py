"""Photos and styles in folders, and a network to judge by."""

import numpy as np
import pytest
from PIL import Image

from impasto.networks import encoders


@pytest.fixture(scope="session")
def judge():
    return encoders.load("compact")


@pytest.fixture
def save():
    """Writes a smooth random picture NAME.png into a folder."""

    def write(folder, name, seed, size=(80, 64)):
        folder.mkdir(exist_ok=True)
        noise = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(folder / f"{name}.png")

    return write


@pytest.fixture
def folders(tmp_path, save):
    """Two photos and three styles."""
    for k, name in enumerate(["cat", "dog"]):
        save(tmp_path / "photos", name, k)
    for k, name in enumerate(["wave", "night", "field"]):
        save(tmp_path / "styles", name, 10 + k)
    return tmp_path / "photos", tmp_path / "styles"
