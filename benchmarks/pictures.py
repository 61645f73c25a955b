"""The photo and the style that everything is measured on: squares of samples."""

from pathlib import Path

import numpy as np
from PIL import Image

SAMPLES = Path(__file__).parents[1] / "samples"
PHOTO = SAMPLES / "photos/astronaut.jpg"
STYLE = SAMPLES / "styles/flow.jpg"


def square(file: Path, side: int) -> Image.Image:
    """Read a sample in (side, side) pixels."""
    with Image.open(file) as picture:
        return picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def pixels(picture: Image.Image) -> np.ndarray:
    """(H, W, 3) in [0, 1], as impasto's rooms have it."""
    return np.asarray(picture.convert("RGB"), np.float32) / 255


def planes(picture: Image.Image) -> np.ndarray:
    """(1, 3, H, W) in [0, 1], as networks have it."""
    return np.ascontiguousarray(pixels(picture).transpose(2, 0, 1)[None])
