"""Pictures and colour profiles that several tests need."""

import numpy as np
import pytest
from PIL import ImageCms


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def gradient():
    """(24, 32, 3) uint8: red runs right, green runs down, blue is constant."""
    pixels = np.full((24, 32, 3), 64, np.uint8)
    pixels[..., 0] = np.linspace(0, 255, 32)
    pixels[..., 1] = np.linspace(0, 255, 24)[:, None]
    return pixels


@pytest.fixture
def swapped_profile():
    """A profile like sRGB, but with the primaries of red and green exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = 128 + 4 + 12 * int.from_bytes(profile[128:132], "big")
    table = profile[:tags].replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ")
    return table.replace(b"?XYZ", b"gXYZ") + profile[tags:]
