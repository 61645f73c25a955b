"""Default names of paintings."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from impasto.image.suffixes import FORMATS, OUTPUT_FORMATS

# Bytes of UTF-8 for each half of a default name. With the suffix, it stays below the shortest limit
# in practice, the 143 bytes of an encrypted home folder.
_HALF_NAME = 64

_SUFFIXES = {"JPEG": ".jpg", "HEIF": ".jpg", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp",
             "AVIF": ".avif"}  # fmt: skip
"""Suffixes of paintings by Pillow's names of the photos' formats; of others it is .png."""

_JOINERS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Invisible letters."""


def default_output(
    content: Path,
    style_names: Sequence[str],
    folder: Path | None = None,
    *,
    suffix: str | None = None,
) -> Path:
    """Choose the default name of a painting: `photo-STYLE.jpg` beside the photo `photo.jpg`.

    Several styles are joined with `+`. Letters, marks and digits of any script are kept; everything
    else that could trouble a shell or a file system becomes `-`, and long names are shortened.

    Args:
        content: the photo.
        style_names: at least one.
        folder: for the painting, if not the photo's.
        suffix: of the painting, if not that of `suffix_for`.
    """
    photo = _cut(_safe(content.stem)) or "photo"
    styles = _cut("+".join(_safe(style) for style in style_names)) or "style"
    return (folder or content.parent) / f"{photo}-{styles}{suffix or suffix_for(content)}"


def suffix_for(photo: Path) -> str:
    """Choose the suffix of a painting: the photo's, if that is an output format."""
    suffix = photo.suffix.lower()
    usual = suffix_of(FORMATS.get(suffix, ""))
    return suffix if OUTPUT_FORMATS.get(suffix) == OUTPUT_FORMATS[usual] else usual


def suffix_of(kind: str) -> str:
    """Choose the suffix of a painting from the photo's format, by Pillow's name."""
    suffix = _SUFFIXES.get(kind, ".png")
    return suffix if suffix != ".avif" or _writes_avif() else ".png"


def _writes_avif() -> bool:
    from PIL import features

    return bool(features.check("avif"))


def _safe(text: str) -> str:
    """Replace everything but letters, marks, digits, `.` and `_` by `-`."""
    kept = ""
    for letter in unicodedata.normalize("NFC", text).translate(_JOINERS):
        is_mark = unicodedata.category(letter).startswith("M")
        belongs = is_mark and kept[-1:] not in ("", ".", "_", "-")
        kept += letter if letter.isalnum() or letter in "._" or belongs else "-"
    return "-".join(part for part in kept.split("-") if part).strip(".")


def _cut(text: str) -> str:
    """Shorten a text without separating a letter from its marks."""
    kept = text.encode()[:_HALF_NAME].decode(errors="ignore")
    while kept != text and kept and unicodedata.category(text[len(kept)]).startswith("M"):
        kept = kept[:-1]
    return kept.strip("-+.")
