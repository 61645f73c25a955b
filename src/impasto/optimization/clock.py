"""The time left of a painting, estimated from the steps so far."""

import math
import statistics
import time
from collections.abc import Callable, Sequence

from impasto.optimization.schedule import Scale

RECENT = 20
"""Steps whose median is taken: other programs may slow down the machine, or leave it."""


class Clock:
    """Estimates the time left.

    The first step of a scale includes its preparation, so there is no estimate before the third.

    Args:
        scales: of the whole painting.
        now: tells the time in seconds.
    """

    def __init__(self, scales: Sequence[Scale], now: Callable[[], float] = time.monotonic) -> None:
        self._scales = scales
        self._now = now
        self._last = now()
        self._rates: list[float] = []
        self._scale = -1

    def tick(self, scale: int, step: int) -> float:
        """Estimate the seconds left after a step, counted from 1; infinity if it is unknown."""
        now = self._now()
        current = self._scales[scale]
        spent, self._last = now - self._last, now
        if scale == self._scale:
            self._rates = [*self._rates[1 - RECENT :], spent / current.step_cost]
        self._scale = scale
        left = current.cost - current.cost_until(step)
        left += sum(later.cost for later in self._scales[scale + 1 :])
        if left == 0:
            return 0.0
        if len(self._rates) < 2:
            return math.inf
        return left * statistics.median(self._rates)
