"""Paintings to files: where to, whether that will work, and writing without ever half a file."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import DiskError, OutputError
from impasto.image.paths import is_wrong_path, label, reason
from impasto.image.profiles import srgb_profile
from impasto.image.samples import Samples, to_bytes, to_float

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

# Bytes of UTF-8 for each half of a default name. Together with the suffix this stays below the
# shortest limit met in practice, the 143 bytes of an encrypted home folder.
_HALF_NAME = 64


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


def check_file(path: Path, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """As `check_output`, for a file of any kind.

    Raises:
        OutputError: it could not be written, and what to do about it.
    """
    name = label(path)
    with _writing(name):
        if not path.parent.is_dir():
            raise OutputError(f"{name}: {_no_folder(path.parent)}")
        _check_existing(path, overwrite, inputs)
        temporary = _temporary(path)
        try:
            temporary.touch(exist_ok=False)
        finally:
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder for files to come, and those that it lies in, unless it is there.

    Raises:
        OutputError: it cannot be made.
    """
    with _writing(label(folder)):
        folder.mkdir(parents=True, exist_ok=True)


def default_output(content: Path, style_names: Sequence[str], folder: Path | None = None) -> Path:
    """Where a painting goes when the user does not say: `photo-STYLE.png` beside the photo.

    Several styles are joined with `+`. Letters and digits of any script are kept, all else that
    could trouble a shell or a file system becomes `-`, and long names are cut.

    Args:
        content: the photo.
        style_names: names of the styles, at least one.
        folder: another folder to put it in.
    """
    photo = _cut(_safe(content.stem)) or "photo"
    styles = _cut("+".join(_safe(style) for style in style_names)) or "style"
    return (folder or content.parent) / f"{photo}-{styles}.png"


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


def write_file(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file of any kind; it appears whole or not at all.

    Raises:
        OutputError: the file exists or cannot be written. Nothing is left behind.
    """
    with _writing(label(path)):
        _write_atomically(path, content, overwrite)


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


def _no_folder(folder: Path) -> str:
    """Why nothing can be put into a folder that is none."""
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if nearest.is_file():
        return f"{label(nearest)} is a file, not a folder; name another folder"
    return f"the folder {label(folder)} is missing; create it first"


def _check_existing(path: Path, overwrite: bool, inputs: Sequence[Path]) -> None:
    name = label(path)
    try:
        path.lstat()
    except FileNotFoundError:
        return
    if path.is_dir():
        raise OutputError(f"{name}: this is a folder; name a file in it")
    if any(_same(path, source) for source in inputs):
        raise OutputError(f"{name}: this is an input; choose another name")
    if not overwrite:
        raise _exists(name)


def _same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links and whatever the case of letters."""
    try:
        return path.samefile(other)
    except FileNotFoundError:
        return False


def _exists(name: str) -> OutputError:
    return OutputError(f"{name}: the file exists; replace it with --overwrite or choose another")


def _safe(text: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "._" else "-" for letter in text)
    return "-".join(part for part in kept.split("-") if part).strip(".")


def _cut(text: str) -> str:
    return text.encode()[:_HALF_NAME].decode(errors="ignore").strip("-+.")


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


@contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):  # the folder is there, and takes no files
            raise OutputError(f"{name}: nothing can be written there; choose another") from error
        kind = OutputError if is_wrong_path(error) else DiskError
        raise kind(f"{name}: {reason(error)}") from error


def _temporary(path: Path) -> Path:
    # What `secrets.token_hex` would be, without importing all of Python's cryptography.
    return path.with_name(f".impasto-{os.urandom(8).hex()}.part")


def _write_atomically(path: Path, content: bytes, overwrite: bool) -> None:
    """Write beside the target under a hidden name, then put it in place in one step.

    The plain `open` gives the permissions of the user's umask, which `tempfile` does not.
    """
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(path)
        else:
            _place_new(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _place_new(temporary: Path, path: Path) -> None:
    """Give the file its name unless another took that name in the meantime."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError as error:
        raise _exists(label(path)) from error
    except OSError:
        _claim_and_replace(temporary, path)


def _claim_and_replace(temporary: Path, path: Path) -> None:
    """The same where there are no hard links (FAT, some network disks): claim the name first."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError as error:
        raise _exists(label(path)) from error
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
