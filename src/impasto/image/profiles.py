"""ICC colour profiles: convert pictures to sRGB, and tag paintings as sRGB."""

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

# Pillow's modes by the colour space of a profile.
_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L", "Lab": "LAB"}


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Build the sRGB profile for output files, 588 bytes.

    The date of creation in its header (ICC.1:2022, 7.2, bytes 24 to 35) is zeroed, so that the same
    painting always gives the same file.
    """
    made_now = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made_now[:24] + bytes(12) + made_now[36:]


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert an image of any 8-bit mode without alpha to 8-bit sRGB.

    The intent is perceptual, which compensates for the black point, so that the black of a press
    becomes black. Profiles of cameras and screens have a single intent, in which colours inside
    sRGB stay exact. Without a profile RGB is read as sRGB, CMYK is inverted, and LAB is CIE L*a*b*
    under D50, as Pillow does.

    Returns:
        An image of mode RGB, and a notice if the profile is damaged or of another colour space.
    """
    if profile is None:
        return image.convert("RGB"), ()
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return _transform(image, source), ()
    except Exception:  # OSError, ValueError, PyCMSError or KeyError
        return image.convert("RGB"), ("has an unusable colour profile, which is ignored",)


def grey_to_srgb(
    grey: NDArray[np.float32], profile: bytes | None
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Convert grey values of any precision to sRGB.

    The profile converts 256 greys, between which values are interpolated. This works for profiles
    of grey and of RGB, and keeps the precision of 16-bit scans.

    Args:
        grey: (H, W) in [0, 1].

    Returns:
        (H, W, 3) in [0, 1], and a notice if the profile cannot be used.
    """
    if profile is None:
        return np.repeat(grey[..., None], 3, axis=2), ()
    ramp = np.arange(256, dtype=np.uint8)[None]
    curve, notices = to_srgb(Image.fromarray(ramp), profile)
    steps, colours = ramp[0] / 255, np.asarray(curve)[0] / 255
    pixels = np.empty((*grey.shape, 3), np.float32)
    for channel in range(3):
        pixels[..., channel] = np.interp(grey, steps, colours[:, channel])
    return pixels, notices


def _transform(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    mode = _MODES[source.profile.xcolor_space.strip()]
    if mode == "RGB" and image.mode not in ("CMYK", "LAB"):
        image = image.convert("RGB")
    if image.mode != mode:
        raise ValueError(f"a profile for {mode} on pixels of {image.mode}")
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.PERCEPTUAL,
    )
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # None only if it works in place
    return converted
