import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from impasto.errors import InputError
from impasto.image import decode
from impasto.image.samples import to_float

_GREY = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (20, 1))


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "f2", "f4", "f8"])
def test_to_unit_by_type(dtype):
    dtype = np.dtype(dtype)
    scale = np.iinfo(dtype).max if dtype.kind == "u" else 1
    unit, notices = decode.to_unit((_GREY * scale).astype(dtype))
    assert unit.dtype == np.float32
    assert notices == ()
    assert np.abs(unit - _GREY).max() < 1 / 255


@pytest.mark.parametrize(
    ("values", "expected", "scale"),
    [
        (np.array([0.0, 1.5]), [0, 1], None),
        (np.array([-0.5, 1.0]), [0, 1], None),
        (np.array([0.0, 127.5, 255.0]), [0, 0.5, 1], 255),
        (np.array([0, 51, 255], np.int64), [0, 0.2, 1], 255),
        (np.array([0, 13107, 65535], np.int32), [0, 0.2, 1], 65535),
        (np.array([0, 1, 60000], np.float16), [0, 0, 60000 / 65535], 65535),
        (np.array([0.0, 1e300]), [0, 1], 1e300),
        (np.array([True, False]), [1, 0], None),
    ],
)
def test_to_unit_by_largest_value(values, expected, scale):
    unit, notices = decode.to_unit(values)
    assert unit == pytest.approx(np.array(expected), abs=1e-3)
    assert bool(notices) == (scale is not None)
    assert all(f"on a scale from 0 to {scale:g}" in notice for notice in notices)


def test_to_unit_replaces_what_is_not_finite():
    unit, notices = decode.to_unit(np.array([np.nan, np.inf, -np.inf, 0.5], np.float32))
    assert unit.tolist() == [0, 1, 0, 0.5]
    assert "not finite" in notices[0]


@given(arrays(np.float32, (3, 4), elements=st.floats(width=32, allow_nan=True)))
def test_to_unit_is_always_in_range(values):
    unit, _ = decode.to_unit(values)
    assert unit.dtype == np.float32
    assert ((unit >= 0) & (unit <= 1)).all()


@pytest.mark.parametrize("shape", [(20, 32), (20, 32, 1), (20, 32, 3), (20, 32, 4)])
def test_from_array_shapes(shape):
    samples, alpha, _ = decode.from_array(np.full(shape, 51, np.uint8))
    assert samples.shape == (20, 32, 3)
    assert samples.dtype == np.uint8
    assert to_float(samples) == pytest.approx(0.2)
    assert (alpha is not None) == (shape[-1] == 4)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_from_array_does_not_share_memory(dtype):
    source = np.zeros((20, 32, 3), dtype)
    decode.from_array(source).samples[:] = 1
    assert source.max() == 0


@pytest.mark.parametrize("shape", [(3,), (3, 20, 32), (20, 32, 2), (1, 20, 32, 3), ()])
def test_from_array_refuses_shape(shape):
    with pytest.raises(InputError, match=r"has shape .*must be \(H, W\)"):
        decode.from_array(np.zeros(shape))


@pytest.mark.parametrize("dtype", [complex, object, "U3"])
def test_from_array_refuses_type(dtype):
    with pytest.raises(InputError, match="must hold numbers"):
        decode.from_array(np.zeros((20, 32), dtype))


@pytest.mark.parametrize(
    ("mode", "colour", "pixel", "alpha"),
    [
        ("1", 1, (1, 1, 1), None),
        ("L", 51, (0.2, 0.2, 0.2), None),
        ("LA", (51, 102), (0.2, 0.2, 0.2), 0.4),
        ("La", (51, 255), (0.2, 0.2, 0.2), None),
        ("I", 13107, (0.2, 0.2, 0.2), None),
        ("I;16", 13107, (0.2, 0.2, 0.2), None),
        ("I;16B", 13107, (0.2, 0.2, 0.2), None),
        ("F", 0.2, (0.2, 0.2, 0.2), None),
        ("RGB", (0, 51, 255), (0, 0.2, 1), None),
        ("RGBX", (0, 51, 255, 7), (0, 0.2, 1), None),
        ("RGBA", (0, 51, 255, 102), (0, 0.2, 1), 0.4),
        ("RGBA", (0, 51, 255, 255), (0, 0.2, 1), None),
        ("RGBa", (0, 51, 102, 102), (0, 0.5, 1), 0.4),
        ("CMYK", (255, 204, 0, 0), (0, 0.2, 1), None),
        ("YCbCr", (255, 128, 128), (1, 1, 1), None),
        ("HSV", (0, 255, 255), (1, 0, 0), None),
        ("LAB", (0, 128, 128), (0, 0, 0), None),
    ],
)
def test_from_image_modes(mode, colour, pixel, alpha):
    decoded = decode.from_image(Image.new(mode, (32, 20), colour))
    assert decoded.samples.shape == (20, 32, 3)
    assert decoded.samples.dtype == (
        np.float32 if mode[0] in "1LIF" and mode != "LAB" else np.uint8
    )
    assert to_float(decoded.samples)[3, 3] == pytest.approx(np.array(pixel), abs=1 / 200)
    assert (decoded.alpha is None) == (alpha is None)
    if alpha is not None:
        assert decoded.alpha == pytest.approx(alpha)


def test_from_image_palette_with_alpha():
    image = Image.new("RGB", (32, 20), (255, 0, 0)).convert("P").convert("PA")
    image.putalpha(51)
    decoded = decode.from_image(image)
    assert to_float(decoded.samples)[0, 0] == pytest.approx(np.array([1, 0, 0]))
    assert decoded.alpha == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("mode", "colour", "key"),
    [
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGB", (1, 2, 3), (0x0180, 0x0280, 0x0380)),  # as stored beside 16-bit colours
        ("L", 9, 9),
        ("I;16", 900, 900),
        ("1", 0, 0),
    ],
)
def test_from_image_transparent_colour(mode, colour, key):
    image = Image.new(mode, (32, 20), colour)
    image.paste(1 if mode == "1" else 77 if mode != "RGB" else (7, 7, 7), (0, 0, 5, 20))
    image.info["transparency"] = key
    alpha = decode.from_image(image).alpha
    assert (alpha[:, :5] == 1).all()
    assert (alpha[:, 5:] == 0).all()


def test_from_image_widened_16_bit_png_keeps_its_scale():
    image = Image.new("I", (32, 20), 200)
    image.format = "PNG"
    decoded = decode.from_image(image)
    assert decoded.samples == pytest.approx(200 / 65535)
    assert decoded.notices == ()
