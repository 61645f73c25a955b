"""Names of files to come."""

from collections.abc import Sequence
from pathlib import Path

# Bytes of UTF-8 for each half of a default name. Together with the suffix this stays below the
# shortest limit met in practice, the 143 bytes of an encrypted home folder.
_HALF_NAME = 64


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


def _safe(text: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "._" else "-" for letter in text)
    return "-".join(part for part in kept.split("-") if part).strip(".")


def _cut(text: str) -> str:
    return text.encode()[:_HALF_NAME].decode(errors="ignore").strip("-+.")
