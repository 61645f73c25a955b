"""The coarse-to-fine schedule: at which sizes to paint, and for how many steps."""

import math
from dataclasses import dataclass

from impasto.settings import Quality

SMALLEST = 128
"""Long side in pixels, roughly, of the first scale: there a network's receptive field spans
half of the picture, so composition and colour settle in a fraction of a second."""

EFFORT: dict[Quality, float] = {"draft": 0.4, "good": 1.0, "best": 3.0}
"""Steps relative to the default quality."""

COARSE_STEPS = 80
"""Steps at sizes up to 256 pixels."""

FALL = 0.65
"""Factor for the steps at every doubling above that: a picture that starts from a finished
one half its size only needs its fine strokes."""


@dataclass(frozen=True)
class Scale:
    """One scale of the schedule: the long side in pixels, and the steps to take there."""

    side: int
    steps: int


def schedule(side: int, quality: Quality = "good", steps: int | None = None) -> tuple[Scale, ...]:
    """The scales that lead to a picture whose long side is `side`.

    Each is about twice the last; the first is close to `SMALLEST`, or `side` itself if that is
    smaller. Gatys et al. 2017 (section 6) use two; halving down to 128 is after Katherine
    Crowson's style-transfer-pytorch, with a factor of 2 instead of the square root of 2.

    Args:
        steps: at every scale, in place of the quality's.
    """
    sides = [side]
    while sides[0] / 2 > SMALLEST * 0.75:
        sides.insert(0, round(sides[0] / 2))
    return tuple(Scale(s, steps or _steps(s, quality)) for s in sides)


def _steps(side: int, quality: Quality) -> int:
    doublings = max(0.0, math.log2(side / 256))
    return max(1, round(EFFORT[quality] * COARSE_STEPS * math.pow(FALL, doublings)))
