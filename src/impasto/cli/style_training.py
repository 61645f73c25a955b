"""Shows how a style is learned, and keeps it when Ctrl-C ends the training."""

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
    """Go through the steps and show them on standard error.

    Args:
        steps: of the training.
        minutes: its length.
        preview: a file that shows what was learned so far, painted on a photo; or None.

    Returns:
        The style of the last step, or of the one that Ctrl-C ended.

    Raises:
        KeyboardInterrupt: before the first step was over.
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
        print(f"impasto: stopped; kept what was learned in {last.step} steps", file=sys.stderr)
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
    """Paint a photo that ships with impasto in the style so far."""
    from impasto.api.painter import stylize

    photo = FOLDER / "photos" / "astronaut.jpg"
    stylize(photo, style).save(preview, overwrite=True)
