"""Convert Pillow images and NumPy arrays of any kind to sRGB, uint8 or float32.

Precision: Pillow decodes 16-bit grey in full, but reduces 16-bit RGB, grey with alpha and CMYK to
8 bits a channel. A painting needs no more.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.image import profiles
from impasto.image.samples import ImageArray, to_float

# Floats up to here are read as [0, 1] with the overshoot of a sharpening or resampling filter.
_OVERSHOOT = 2.0

# Tags of TIFF; the value 1 of the first means unsigned.
_SAMPLE_FORMAT, _BITS_PER_SAMPLE = 339, 258


class Decoded(NamedTuple):
    """Decoded pixels: samples (H, W, 3), and alpha (H, W) in [0, 1] or None.

    Each notice continues a sentence that starts with the name of the source.
    """

    samples: ImageArray
    alpha: NDArray[np.float32] | None
    notices: tuple[str, ...]


def from_image(image: Image.Image) -> Decoded:
    """Decode a loaded Pillow image of any mode, through its ICC profile if it has one.

    An alpha channel that is opaque everywhere is dropped.
    """
    image = _plain(image)
    profile = image.info.get("icc_profile") or None
    alpha = _alpha(image)
    if image.mode in ("LA", "RGBA"):
        image = image.convert(image.mode[:-1])
    if image.mode in ("1", "L", "I", "F") or image.mode.startswith("I;16"):
        grey, unusual = to_unit(_samples(image))
        pixels, unprofiled = profiles.grey_to_srgb(grey, profile)
        return Decoded(pixels, alpha, unusual + unprofiled)
    unusual = _unusual_gamma(image)
    colour, unprofiled = profiles.to_srgb(image, profile)
    return Decoded(np.asarray(colour), alpha, unprofiled + unusual)


def _unusual_gamma(image: Image.Image) -> tuple[str, ...]:
    """Warn of a PNG that states a gamma other than sRGB's and no colour profile.

    Browsers apply the gamma, editors do not, and it is often wrong.
    """
    gamma = image.info.get("gamma")
    if image.format != "PNG" or not isinstance(gamma, float) or gamma <= 0:
        return ()
    if "srgb" in image.info or "icc_profile" in image.info or abs(gamma * 2.2 - 1) < _GAMMA_OFF:
        return ()
    return (f"states a gamma of {gamma:.3g}, which is ignored; browsers may show it differently",)


_GAMMA_OFF = 0.06
"""Relative deviation from 1 / 2.2 at which a gamma is reported."""


def from_array(array: NDArray[Any]) -> Decoded:
    """Decode an array of grey, RGB or RGBA values as sRGB; for the scale see `to_unit`.

    Args:
        array: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); booleans, integers or floats.

    Raises:
        InputError: another shape, or values that are not real numbers.
    """
    if array.dtype.kind not in "buif":
        raise InputError(f"the array holds {array.dtype}; it must hold numbers")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise InputError(
            f"the array has shape {array.shape}; it must be (H, W), (H, W, 3) or (H, W, 4)"
        )
    values, notices = (array, ()) if array.dtype == np.uint8 else to_unit(array)
    samples = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values[..., :3].copy()
    alpha = _unless_opaque(to_float(values[..., 3]).copy()) if values.shape[2] == 4 else None
    return Decoded(samples, alpha, notices)


def to_unit(array: NDArray[Any]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Convert numbers of any type to float32 in [0, 1].

    Booleans are 0 and 1. Unsigned integers of 8 and 16 bits are divided by 255 and 65535. For other
    types the scale is guessed from the largest value:

    - floats up to 1 stay as they are, and up to 2 are clipped;
    - other values up to 255 are divided by 255, up to 65535 by 65535, and larger ones by the
      largest value. A notice says so, as the guess can be wrong.

    Negative values become 0, NaN 0, and infinity 1.
    """
    if array.dtype.kind == "b":
        return array.astype(np.float32), ()
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max), ()
    finite = np.isfinite(array)
    largest = float(array.max(where=finite, initial=0))
    scale = _scale(largest, fractional=array.dtype.kind == "f")
    # float16 cannot hold 65535, float32 not every integer: widen before dividing.
    wide = array.astype(np.result_type(array.dtype, np.float32))
    unit = np.nan_to_num(np.clip(wide / scale, 0, 1)).astype(np.float32)
    notices = []
    if scale != 1:
        notices.append(f"has values up to {largest:g}, read on a scale from 0 to {scale:g}")
    if not finite.all():
        notices.append("has values that are not finite; they are read as black or white")
    return unit, tuple(notices)


def _scale(largest: float, *, fractional: bool) -> float:
    if fractional and largest <= _OVERSHOOT:
        return 1.0
    return next((scale for scale in (255.0, 65535.0) if largest <= scale), largest)


def _plain(image: Image.Image) -> Image.Image:
    """Return the same picture without a palette and without premultiplied alpha."""
    if image.mode in ("P", "PA", "RGBa"):
        return image.convert("RGBA")
    return image.convert("LA") if image.mode == "La" else image


def _samples(image: Image.Image) -> NDArray[Any]:
    """Return the stored values of an image of one channel."""
    samples = np.asarray(image)
    # Pillow widens 16-bit PPM to 32 bits, and before version 11.3 PNG, too. The scale is known.
    if image.mode == "I" and image.format in ("PNG", "PPM"):
        return samples.astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    if (
        image.mode == "I" and tags and tags.get(_SAMPLE_FORMAT, (1,))[0] == 1
    ):  # Pillow has no mode for it
        return samples.view(np.uint32)
    if image.mode.startswith("I;16") and tags.get(_BITS_PER_SAMPLE) == (12,):
        return np.asarray(samples * np.uint16(16))
    return samples


def _alpha(image: Image.Image) -> NDArray[np.float32] | None:
    if image.mode in ("LA", "RGBA"):
        return _unless_opaque(np.asarray(image.getchannel("A"), np.float32) / np.float32(255))
    transparent = image.info.get("transparency")  # PNG's tRNS: one colour that is transparent
    if isinstance(transparent, tuple) and image.mode == "RGB":
        # Of 16-bit colours Pillow keeps the upper byte in the pixels, but not in the key.
        key = [value >> 8 if max(transparent) > 255 else value for value in transparent]
        return _unless_opaque((np.asarray(image) != key).any(axis=2).astype(np.float32))
    if isinstance(transparent, int) and len(image.getbands()) == 1:
        samples = np.asarray(image.convert("L")) if image.mode == "1" else np.asarray(image)
        return _unless_opaque((samples != transparent).astype(np.float32))
    return None


def _unless_opaque(alpha: NDArray[np.float32]) -> NDArray[np.float32] | None:
    return None if (alpha >= 1).all() else alpha
