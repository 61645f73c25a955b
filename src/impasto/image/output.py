"""Paintings to files: where to, whether that will work, and writing without ever half a file."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import OutputError
from impasto.image.profiles import srgb_profile
from impasto.image.samples import Samples, to_bytes, to_float
from impasto.system.files import check_file, write_file
from impasto.system.paths import label

_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}

# Of 9: a twentieth more bytes than with 6, the usual, in half the time.
_PNG_LEVEL = 3

_WITHOUT_ALPHA = {"JPEG", "BMP"}

# The longest side that the format's encoder accepts.
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}


def check_output(
    path: Path,
    *,
    overwrite: bool,
    inputs: Sequence[Path] = (),
    size: tuple[int, int] | None = None,
) -> None:
    """Make sure, before the work starts, that its result can be written.

    Args:
        path: where the painting will go; the suffix names the format.
        overwrite: whether an existing file may be replaced.
        inputs: files that are read and never replaced, whatever `overwrite` says.
        size: (width, height) of the painting, if known.

    Raises:
        OutputError: it could not be written, and what to do about it.
    """
    name = label(path)
    kind = _format(path)
    if size is not None:
        _check_side(name, kind, size)
    check_file(path, overwrite=overwrite, inputs=inputs)


def write(
    path: Path,
    pixels: Samples,
    *,
    alpha: NDArray[np.float32] | None = None,
    exif: bytes | None = None,
    overwrite: bool = False,
    quality: int = 95,
) -> None:
    """Write a painting as 8-bit sRGB, tagged as such; the file appears whole or not at all.

    PNG, WebP and TIFF keep alpha. JPEG and BMP cannot, so there the painting is laid over white.
    All but BMP keep EXIF. TIFF is not compressed: with compression Pillow cannot write the EXIF
    block of the camera.

    Args:
        path: where to; the suffix names the format.
        pixels: (H, W, 3), sRGB-encoded; floats are clipped to [0, 1] and rounded.
        alpha: (H, W) in [0, 1], or None for opaque.
        exif: an EXIF block, as in `Picture.exif`.
        overwrite: whether an existing file may be replaced.
        quality: of JPEG and WebP, 1 to 100.

    Raises:
        OutputError: the file exists or cannot be written. Nothing is left behind.
        ValueError: an array has a wrong shape or values that are not finite. That is never the
            user's fault, but that of the engine that made them.
    """
    name = label(path)
    kind = _format(path)
    image = _to_image(pixels, alpha, kind)
    _check_side(name, kind, image.size)
    encoded = _encode(image, kind, exif, quality, name)
    write_file(path, encoded, overwrite=overwrite)


def _format(path: Path) -> str:
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise OutputError(
            f"{label(path)}: this is no format that is written; "
            "end the name in .png, .jpg, .webp, .tif or .bmp"
        )
    return kind


def _check_side(name: str, kind: str, size: tuple[int, int]) -> None:
    longest = _LONGEST_SIDE.get(kind)
    if longest is not None and max(size) > longest:
        raise OutputError(
            f"{name}: {kind} cannot hold {size[0]} x {size[1]} pixels, its longest side is "
            f"{longest}; write .png or .tif instead"
        )


def _to_image(pixels: Samples, alpha: NDArray[np.float32] | None, kind: str) -> Image.Image:
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels must be (H, W, 3), not {pixels.shape}")
    if alpha is None:
        return Image.fromarray(to_bytes(pixels))
    if alpha.shape != pixels.shape[:2]:
        raise ValueError(f"alpha is {alpha.shape}, pixels are {pixels.shape}")
    if kind in _WITHOUT_ALPHA:
        # Mixed in sRGB-encoded values, as every browser and editor does.
        return Image.fromarray(to_bytes(1 - alpha[..., None] * (1 - to_float(pixels))))
    return Image.fromarray(np.dstack([to_bytes(pixels), to_bytes(alpha)]))


def _encode(image: Image.Image, kind: str, exif: bytes | None, quality: int, name: str) -> bytes:
    """The bytes of the file. Encoding in memory keeps failures of encoder and disk apart."""
    options: dict[str, Any] = {}
    if kind != "BMP":
        options["icc_profile"] = srgb_profile()
        if exif is not None:
            options["exif"] = exif
    if kind == "PNG":
        options["compress_level"] = _PNG_LEVEL
    if kind in ("JPEG", "WEBP"):
        options["quality"] = quality
    if kind == "JPEG":
        # Full colour resolution: 4:2:0 smears the edges of saturated strokes. No `optimize`, as
        # with it Pillow's buffer is too small for fine texture at high quality, and saving fails.
        options["subsampling"] = "4:4:4"
    encoded = io.BytesIO()
    try:
        image.save(encoded, kind, **options)
    except Exception as error:  # encoders fail as variously as decoders
        raise OutputError(f"{name}: encoding as {kind} failed; try .png instead") from error
    return encoded.getvalue()
