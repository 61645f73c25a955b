"""Names of files to come."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

# Bytes of UTF-8 for each half of a default name. Together with the suffix this stays below the
# shortest limit met in practice, the 143 bytes of an encrypted home folder.
_HALF_NAME = 64

_SUFFIXES = {
    **{s: s for s in (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp")},
    **dict.fromkeys((".jif", ".mpo", ".heic", ".heics", ".heif", ".heifs", ".hif"), ".jpg"),
    ".dib": ".bmp",
    ".avif": ".avif",
}
"""What a painting's name ends in, by the photo's suffix: the same, or what comes near to it."""

_FORMATS = {"JPEG": ".jpg", "MPO": ".jpg", "HEIF": ".jpg", "WEBP": ".webp", "TIFF": ".tif",
            "BMP": ".bmp", "AVIF": ".avif"}  # fmt: skip
"""The same by Pillow's name of a format."""

_JOINERS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Letters that nobody sees."""


def default_output(
    content: Path,
    style_names: Sequence[str],
    folder: Path | None = None,
    *,
    suffix: str | None = None,
) -> Path:
    """Name a painting where the user does not: `photo-STYLE.jpg` beside the photo `photo.jpg`.

    Several styles are joined with `+`. Letters, their marks and digits of any script are kept, all
    else that could trouble a shell or a file system becomes `-`, and long names are cut.

    Args:
        content: the photo.
        style_names: names of the styles, at least one.
        folder: another folder to put it in.
        suffix: what the name ends in, if not what `suffix_for` says.
    """
    photo = _cut(_safe(content.stem)) or "photo"
    styles = _cut("+".join(_safe(style) for style in style_names)) or "style"
    return (folder or content.parent) / f"{photo}-{styles}{suffix or suffix_for(content)}"


def suffix_for(photo: Path) -> str:
    """Find the suffix of a painting's format, which is the photo's where that is written."""
    suffix = _SUFFIXES.get(photo.suffix.lower(), ".png")
    return suffix if suffix != ".avif" or _writes_avif() else ".png"


def suffix_of(kind: str) -> str:
    """Find the suffix of the format in which a photo of a format (Pillow's name) is painted."""
    suffix = _FORMATS.get(kind, ".png")
    return suffix if suffix != ".avif" or _writes_avif() else ".png"


def _writes_avif() -> bool:
    from PIL import features

    return bool(features.check("avif"))


def _safe(text: str) -> str:
    """Return the text with all but letters, marks, digits, `.` and `_` as `-`."""
    kept = ""
    for letter in unicodedata.normalize("NFC", text).translate(_JOINERS):
        is_mark = unicodedata.category(letter).startswith("M")
        belongs = is_mark and kept[-1:] not in ("", ".", "_", "-")
        kept += letter if letter.isalnum() or letter in "._" or belongs else "-"
    return "-".join(part for part in kept.split("-") if part).strip(".")


def _cut(text: str) -> str:
    """Return the start of the text that is short enough; no letter loses its marks."""
    kept = text.encode()[:_HALF_NAME].decode(errors="ignore")
    while kept != text and kept and unicodedata.category(text[len(kept)]).startswith("M"):
        kept = kept[:-1]
    return kept.strip("-+.")
