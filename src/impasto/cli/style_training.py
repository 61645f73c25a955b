"""Show the training of a style, and keep the style if Ctrl-C ends it."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.models.assets import FOLDER

if TYPE_CHECKING:
    from impasto.api.style_training import StyleStep
    from impasto.styles.embedding import Style

PREVIEW_SECONDS = 20.0
LINE_SECONDS = 10.0


def watched(steps: "Iterator[StyleStep]", minutes: float, preview: Path | None) -> "Style":
    """Run the steps and report them on standard error.

    Args:
        steps: of the training.
        minutes: its length.
        preview: a file for a photo painted in the style so far, or None.

    Returns:
        The style after the last step, also where Ctrl-C ended the training.

    Raises:
        KeyboardInterrupt: before the end of the first step.
    """
    last: StyleStep | None = None
    shown = said = time.monotonic()
    try:
        for last in steps:
            now = time.monotonic()
            if now - said >= LINE_SECONDS:
                said = now
                _say(last, minutes)
            if preview is not None and now - shown >= PREVIEW_SECONDS:
                shown = now
                _paint(last.style, preview)
    except KeyboardInterrupt:
        if last is None:
            raise
        count = "1 step" if last.step == 1 else f"{last.step} steps"
        print(f"impasto: stopped; the style after {count} is kept", file=sys.stderr)
    assert last is not None
    if preview is not None:
        _paint(last.style, preview)
    return last.style


def _say(step: "StyleStep", minutes: float) -> None:
    seconds = round(60 * minutes * (1 - step.progress))
    style = f", style {step.losses['style']:.3f}" if step.losses else ""
    line = f"step {step.step}{style}, {seconds // 60}:{seconds % 60:02} left"
    print(f"impasto: {line}", file=sys.stderr, flush=True)


def _paint(style: "Style", preview: Path) -> None:
    """Paint a sample photo in the style so far."""
    from impasto.api.painter import stylize

    photo = FOLDER / "photos" / "astronaut.jpg"
    stylize(photo, style).save(preview, overwrite=True)
