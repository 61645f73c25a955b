import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from impasto.image import profiles


def _profile(space, tags, device=b"scnr", connection=b"XYZ "):
    """A minimal ICC profile of version 2."""
    header = bytearray(128)
    header[8:12] = bytes([2, 64, 0, 0])
    header[12:24] = device + space + connection
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)  # D50
    table, data = struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        content += bytes(-len(content) % 4)
        offset = 128 + 4 + 12 * len(tags) + len(data)
        table += struct.pack(">4sII", signature, offset, len(content))
        data += content
    header[:4] = struct.pack(">I", 128 + len(table) + len(data))
    return bytes(header) + table + data


@pytest.fixture
def linear_grey():
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return _profile(b"GRAY", {b"wtpt": white, b"kTRC": b"curv" + bytes(8)})


@pytest.fixture
def all_ink_is_white():
    """A CMYK profile in which any mix of inks is paper white, so that its use shows."""
    line = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0])
    lut += struct.pack(">9i", *(np.eye(3, dtype=int).ravel() * 0x10000))
    lut += line * 4 + bytes([255, 128, 128]) * 16 + line * 3
    return _profile(b"CMYK", {b"A2B0": lut, b"A2B1": lut}, b"prtr", b"Lab ")


def _flat(mode, colour):
    return Image.new(mode, (16, 16), colour)


def _pixel(image):
    return np.array(image.getpixel((3, 3)))


def test_srgb_profile_is_reproducible():
    profile = profiles.srgb_profile()
    assert profile[24:36] == bytes(12)
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))


def test_to_srgb_of_srgb_changes_nothing(rng):
    pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    converted, notices = profiles.to_srgb(Image.fromarray(pixels), profiles.srgb_profile())
    assert notices == ()
    assert np.array_equal(np.asarray(converted), pixels)


@pytest.mark.parametrize("mode", ["RGB", "YCbCr", "HSV"])
def test_to_srgb_applies_profile(mode, swapped_profile):
    image = _flat("RGB", (255, 0, 0)).convert(mode)
    converted, notices = profiles.to_srgb(image, swapped_profile)
    assert notices == ()
    assert np.abs(_pixel(converted) - (0, 255, 0)).max() <= 3


def test_to_srgb_applies_cmyk_profile(all_ink_is_white):
    converted, notices = profiles.to_srgb(_flat("CMYK", (255, 0, 0, 128)), all_ink_is_white)
    assert notices == ()
    assert _pixel(converted).min() >= 253


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("CMYK", (255, 0, 0, 0), (0, 255, 255)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("LAB", (255, 128, 128), (255, 255, 255)),
        ("LAB", (138, 209, 198), (253, 2, 2)),  # sRGB red is L 54, a 81, b 70 under D50
    ],
)
def test_to_srgb_without_profile(mode, colour, expected):
    converted, notices = profiles.to_srgb(_flat(mode, colour), None)
    assert notices == ()
    assert converted.mode == "RGB"
    assert np.abs(_pixel(converted) - expected).max() <= 4


@pytest.mark.parametrize("profile", [b"junk", bytes(200), b"\0" * 36 + b"acsp" + bytes(500)])
def test_to_srgb_ignores_broken_profile(profile):
    converted, notices = profiles.to_srgb(_flat("RGB", (10, 20, 30)), profile)
    assert notices == ("has an unusable colour profile, which is ignored",)
    assert tuple(_pixel(converted)) == (10, 20, 30)


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_to_srgb_ignores_profile_of_another_space(mode, swapped_profile):
    converted, notices = profiles.to_srgb(_flat(mode, 0), swapped_profile)
    assert len(notices) == 1
    assert converted.mode == "RGB"


def test_to_srgb_ignores_grey_profile_on_colour(linear_grey):
    _, notices = profiles.to_srgb(_flat("RGB", (1, 2, 3)), linear_grey)
    assert len(notices) == 1


def test_grey_to_srgb_applies_grey_profile(linear_grey):
    grey = np.full((2, 2), 0.5, np.float32)
    pixels, notices = profiles.grey_to_srgb(grey, linear_grey)
    assert notices == ()
    assert pixels.dtype == np.float32
    assert pixels == pytest.approx(0.735, abs=0.01)  # linear 0.5, sRGB-encoded


def test_grey_to_srgb_keeps_fine_steps(swapped_profile):
    grey = np.linspace(0.5, 0.51, 50, dtype=np.float32)[None]
    pixels, _ = profiles.grey_to_srgb(grey, swapped_profile)
    assert len(np.unique(pixels[..., 0])) == 50
    assert np.abs(pixels - grey[..., None]).max() < 0.01


def test_grey_to_srgb_without_profile():
    grey = np.array([[0, 0.3, 1]], np.float32)
    pixels, notices = profiles.grey_to_srgb(grey, None)
    assert notices == ()
    assert np.array_equal(pixels, np.dstack([grey] * 3))
