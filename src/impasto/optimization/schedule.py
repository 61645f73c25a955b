"""The coarse-to-fine schedule: at which sizes to paint, for how many steps, with which encoder."""

import math
from dataclasses import dataclass

import numpy as np

from impasto.settings import Quality

SMALLEST = 128
"""Long side in pixels, roughly, of the first scale: there a network's receptive field spans
half of the picture, so composition and colour settle in a few seconds."""

SMALLEST_PAINTED = 256
"""The same where the first picture has composition and colours already: at 128 pixels a face
has too few pixels to survive."""

KNOTS = (128, 256, 512, 1024)
"""Long sides for which `STEPS` says the steps."""

STEPS: dict[Quality, tuple[int, int, int, int]] = {
    "draft": (36, 24, 8, 6),
    "good": (70, 40, 20, 12),
    "best": (250, 180, 120, 40),
}
"""Composition, forms and strokes come from scales up to 256 pixels, where an iteration is cheap; a
picture that starts from a finished one half its size only needs its finest strokes."""

FINE: dict[Quality, int] = {"draft": 320, "good": 640, "best": 1280}
"""Long side beyond which the fast encoder takes over, if there is one."""

OVERHEAD = 25_000
"""Pixels that take as long as what an iteration takes at any size: roots of covariances, mostly."""

FINE_COST = 0.25
"""What a step takes with the fast encoder, relative to VGG-16."""

PREPARATION = 1
"""What the preparation of a scale takes, in steps: pictures are resized, and targets computed."""


@dataclass(frozen=True)
class Scale:
    """One scale of the schedule.

    Attributes:
        side: long side in pixels.
        steps: how many to take there.
        fine: whether it is one for the fast encoder.
    """

    side: int
    steps: int
    fine: bool = False

    @property
    def step_cost(self) -> float:
        """What a step takes, relative to other scales'."""
        return (self.side**2 + OVERHEAD) * (FINE_COST if self.fine else 1)

    @property
    def cost(self) -> float:
        """What the preparation and all steps take."""
        return self.cost_until(self.steps)

    def cost_until(self, step: int) -> float:
        """Compute what the preparation and the first steps take, up to one counted from 1."""
        return (PREPARATION + step) * self.step_cost


def schedule(
    side: int, quality: Quality = "good", steps: int | None = None, smallest: int = SMALLEST
) -> tuple[Scale, ...]:
    """Plan the scales that lead to a picture whose long side is `side`.

    Each is about twice the last; the first is close to `smallest`, or `side` itself if that is
    smaller. Gatys et al. 2017 (section 6) use two; halving down to 128 is after Katherine
    Crowson's style-transfer-pytorch, with a factor of 2 instead of the square root of 2.

    Args:
        steps: at every scale, in place of the quality's.
    """
    sides = [side]
    while sides[0] / 2 > smallest * 0.75:
        sides.insert(0, round(sides[0] / 2))
    return tuple(Scale(s, steps or _steps(s, quality), s > FINE[quality]) for s in sides)


def _steps(side: int, quality: Quality) -> int:
    """Read the steps off `STEPS`, between two of its sides along the logarithm."""
    knots = [math.log2(knot) for knot in KNOTS]
    return max(1, round(float(np.interp(math.log2(side), knots, STEPS[quality]))))
