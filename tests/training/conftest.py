"""A folder of small pictures to train on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# The last two are held out: so their hashes say.
NAMES = ("000.png", "001.png", "sub/002.jpg", "sub/003.webp", "012.png", "sub/088.png")


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Four images to train on and two held-out ones, 60 to 90 pixels a side."""
    root = tmp_path_factory.mktemp("images")
    (root / "sub").mkdir()
    rng = np.random.default_rng(1)
    for name in NAMES:
        coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3), np.uint8))
        size = (int(rng.integers(60, 90)), int(rng.integers(60, 90)))
        coarse.resize(size, Image.Resampling.BICUBIC).save(root / name)
    (root / "notes.txt").write_text("no picture")
    return root
