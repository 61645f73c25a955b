"""Write paintings to files, whole or not at all, and check beforehand whether that will work."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

from impasto.errors import OutputError
from impasto.image import tiff
from impasto.image.metadata import NOTHING, Metadata, jpeg_segments, png_profile, with_dpi
from impasto.image.profiles import srgb_profile
from impasto.image.samples import ImageArray, to_bytes, to_float
from impasto.image.suffixes import OUTPUT_FORMATS, SPELT
from impasto.system.files import Files, check_file, write_file
from impasto.system.paths import display_path, printable

QUALITIES = {"JPEG": 95, "WEBP": 95, "AVIF": 85}
"""Default qualities of the lossy formats."""

# Of 9: files are 5 % larger than with 6, the default, and take half the time.
_PNG_LEVEL = 3

_WITHOUT_ALPHA = {"JPEG", "BMP"}

# The longest side that the format's encoder accepts.
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383, "AVIF": 65535}

# Metadata that a format cannot store.
_NO_PLACE_FOR = {"BMP": ("exif", "xmp", "iptc"), "WEBP": ("iptc",), "AVIF": ("iptc",)}


def check_output(
    path: Path,
    *,
    overwrite: bool,
    inputs: Files | Sequence[Path] = (),
    size: tuple[int, int] | None = None,
) -> None:
    """Check, before the work starts, that a painting can be written.

    Args:
        path: of the painting; its suffix names the format.
        overwrite: whether an existing file may be replaced.
        inputs: files that are read and must not be replaced, whatever `overwrite` is.
        size: (width, height) of the painting, if known.

    Raises:
        OutputError: it cannot be written; the message says what to do.
    """
    kind = format_of(path)
    if size is not None:
        _check_side(str(path), kind, size)
    check_file(path, overwrite=overwrite, inputs=inputs)


def write(
    path: Path,
    pixels: ImageArray,
    *,
    alpha: NDArray[np.float32] | None = None,
    metadata: Metadata = NOTHING,
    strip: bool = False,
    overwrite: bool = False,
    quality: int | None = None,
) -> None:
    """Write a painting as 8-bit sRGB with a profile; the file appears whole or not at all.

    PNG, WebP, TIFF and AVIF keep alpha; for JPEG and BMP the painting is composited over white.
    `left_out` tells which metadata a format cannot store.

    Args:
        path: of the file; its suffix names the format.
        pixels: (H, W, 3), sRGB-encoded; floats are clipped to [0, 1] and rounded.
        alpha: (H, W) in [0, 1], or None for opaque.
        metadata: to store.
        strip: whether to store nothing of it but the print size.
        overwrite: whether an existing file may be replaced.
        quality: of JPEG, WebP and AVIF, 1 to 100; None for those in `QUALITIES`.

    Raises:
        OutputError: the file exists or cannot be written. Nothing is left behind.
        ValueError: an array has a wrong shape or values that are not finite, because of an error in
            an engine.
    """
    content = encoded(
        format_of(path),
        str(path),
        pixels,
        alpha=alpha,
        metadata=metadata,
        strip=strip,
        quality=quality,
    )
    write_file(path, content, overwrite=overwrite)


def encoded(
    kind: str,
    name: str,
    pixels: ImageArray,
    *,
    alpha: NDArray[np.float32] | None = None,
    metadata: Metadata = NOTHING,
    strip: bool = False,
    quality: int | None = None,
) -> bytes:
    """Encode a painting as the bytes of a file, see `write`.

    Args:
        kind: Pillow's name of the format.
        name: of the file, for messages.
    """
    _check_side(name, kind, (pixels.shape[1], pixels.shape[0]))
    image = _to_image(pixels, alpha, kind)
    try:
        if kind == "TIFF":
            return tiff.encoded(image, srgb_profile(), metadata.stripped() if strip else metadata)
        options = _options(kind, metadata, strip)
        if kind in QUALITIES:
            options["quality"] = QUALITIES[kind] if quality is None else quality
        file = io.BytesIO()
        image.save(file, kind, **options)
    except Exception as error:  # encoders raise as many types as decoders
        raise OutputError(
            f"{printable(name)}: encoding as {SPELT.get(kind, kind)} failed; try .png instead"
        ) from error
    return file.getvalue()


def left_out(path: Path, metadata: Metadata) -> str | None:
    """Return a notice if the format cannot store some of the metadata; else None."""
    kind = OUTPUT_FORMATS.get(path.suffix.lower(), "")
    missing = [name.upper() for name in _NO_PLACE_FOR.get(kind, ()) if getattr(metadata, name)]
    if not missing:
        return None
    what = f"{' and '.join(missing)} data"
    return f"{display_path(path)}: {SPELT.get(kind, kind)} cannot store {what}; they are left out"


def format_of(path: Path) -> str:
    """Find Pillow's name of the format for a path's suffix.

    Raises:
        OutputError: there is none, or this Pillow does not write it.
    """
    kind = OUTPUT_FORMATS.get(path.suffix.lower())
    if kind is None:
        raise OutputError(
            f"{display_path(path)}: not an output format; "
            "end the name in .png, .jpg, .webp, .tif, .bmp or .avif"
        )
    if kind == "AVIF" and not features.check("avif"):
        raise OutputError(
            f"{display_path(path)}: AVIF needs Pillow 11.3 or newer: pip install -U pillow"
        )
    return kind


def media_type(path: Path) -> str:
    """Find the media type of a painting by its suffix, such as image/png.

    Raises:
        OutputError: as `format_of`.
    """
    kind = format_of(path)
    Image.init()  # Pillow knows the types of the formats that it has loaded
    return Image.MIME[kind]


def _check_side(name: str, kind: str, size: tuple[int, int]) -> None:
    longest = _LONGEST_SIDE.get(kind)
    if longest is not None and max(size) > longest:
        raise OutputError(
            f"{printable(name)}: {size[0]} x {size[1]} pixels are too many for "
            f"{SPELT.get(kind, kind)}, whose longest side is {longest}; write .png or .tif instead"
        )


def _to_image(pixels: ImageArray, alpha: NDArray[np.float32] | None, kind: str) -> Image.Image:
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels must be (H, W, 3), not {pixels.shape}")
    if alpha is None:
        return Image.fromarray(to_bytes(pixels))
    if alpha.shape != pixels.shape[:2]:
        raise ValueError(f"alpha is {alpha.shape}, pixels are {pixels.shape}")
    if kind in _WITHOUT_ALPHA:
        # Blended in encoded values, as browsers and editors do.
        return Image.fromarray(to_bytes(1 - alpha[..., None] * (1 - to_float(pixels))))
    return Image.fromarray(np.dstack([to_bytes(pixels), to_bytes(alpha)]))


def _options(kind: str, metadata: Metadata, strip: bool) -> dict[str, Any]:
    """Choose Pillow's options for a format."""
    options: dict[str, Any] = {}
    if metadata.dpi is not None and kind in ("PNG", "JPEG", "BMP"):
        options["dpi"] = metadata.dpi
    if kind == "BMP":
        return options
    options["icc_profile"] = srgb_profile()
    if kind == "PNG":
        options["compress_level"] = _PNG_LEVEL
    if kind == "JPEG":
        # Full colour resolution: 4:2:0 blurs the edges of saturated strokes. Not `optimize`:
        # Pillow's buffer is then too small for fine texture at high quality, and saving fails.
        options["subsampling"] = "4:4:4"
    return options if strip else options | _metadata_options(kind, metadata)


def _metadata_options(kind: str, metadata: Metadata) -> dict[str, Any]:
    options: dict[str, Any] = {}
    has_dpi = kind in ("PNG", "JPEG")
    exif = metadata.exif if has_dpi else with_dpi(metadata.exif, metadata.dpi)
    if exif is not None:
        options["exif"] = exif
    if kind == "JPEG":
        options["extra"] = jpeg_segments(metadata)
    elif kind == "PNG":
        options["pnginfo"] = _png_texts(metadata)
    elif metadata.xmp is not None:
        options["xmp"] = metadata.xmp
    return options


def _png_texts(metadata: Metadata) -> PngInfo:
    texts = PngInfo()
    if metadata.xmp is not None:
        texts.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode(errors="replace"))
    if metadata.iptc is not None:
        texts.add_text("Raw profile type iptc", png_profile("iptc", metadata.iptc), zip=True)
    return texts
