"""The coarse-to-fine schedule: at which sizes to paint, for how many steps, with which encoder."""

import math
from dataclasses import dataclass

import numpy as np

from impasto.settings import Quality

SMALLEST = 128
"""Approximate long side in pixels of the first scale. There, a network's receptive field spans half
of the picture, so composition and colour settle in a few seconds."""

SMALLEST_PAINTED = 256
"""The same if the first picture already has composition and colours. At 128 pixels, a face would
have too few pixels to survive."""

KNOTS = (128, 256, 512, 1024)
"""Long sides in pixels to which the numbers of `STEPS` belong."""

STEPS: dict[Quality, tuple[int, int, int, int]] = {
    "draft": (36, 24, 8, 6),
    "good": (70, 40, 20, 12),
    "best": (250, 180, 120, 40),
}
"""Numbers of steps by quality, one for each of `KNOTS`. Composition, forms and strokes develop at
up to 256 pixels, where an iteration is cheap. At larger scales, only the finest strokes are
missing."""

FINE: dict[Quality, int] = {"draft": 320, "good": 640, "best": 1280}
"""Long side in pixels above which the fast encoder is used, if there is one."""

OVERHEAD = 25_000
"""Fixed cost of an iteration, in pixels that take as long: mostly roots of covariances."""

FINE_COST = 0.4
"""Cost of a step with the fast encoder, relative to VGG-16."""

PREPARATION = 1
"""Cost of the preparation of a scale, in steps: it resizes pictures and computes targets."""


@dataclass(frozen=True)
class Scale:
    """One scale of the schedule.

    Attributes:
        side: long side in pixels.
        steps: number of steps.
        fine: whether to use the fast encoder.
    """

    side: int
    steps: int
    fine: bool = False

    @property
    def step_cost(self) -> float:
        """Cost of a step, relative to those of other scales."""
        return (self.side**2 + OVERHEAD) * (FINE_COST if self.fine else 1)

    @property
    def cost(self) -> float:
        """Cost of the preparation and of all steps."""
        return self.cost_until(self.steps)

    def cost_until(self, step: int) -> float:
        """Compute the cost of the preparation and of the steps up to this one, counted from 1."""
        return (PREPARATION + step) * self.step_cost


def schedule(
    side: int, quality: Quality = "good", steps: int | None = None, smallest: int = SMALLEST
) -> tuple[Scale, ...]:
    """Plan the scales that lead to a picture whose long side is `side`.

    Each side is about twice the previous one; the first is close to `smallest`, or it is `side` if
    that is smaller. Gatys et al. 2017 (section 6) use two scales. Halving down to 128 pixels is
    after Katherine Crowson's style-transfer-pytorch, with a factor of 2 instead of the square root
    of 2.

    Args:
        steps: number of steps at every scale, instead of those of the quality.
    """
    sides = [side]
    while sides[0] / 2 > smallest * 0.75:
        sides.insert(0, round(sides[0] / 2))
    return tuple(Scale(s, steps or _steps(s, quality), s > FINE[quality]) for s in sides)


def _steps(side: int, quality: Quality) -> int:
    """Interpolate the number of steps between `KNOTS`, along the logarithm of the side."""
    knots = [math.log2(knot) for knot in KNOTS]
    return max(1, round(float(np.interp(math.log2(side), knots, STEPS[quality]))))
