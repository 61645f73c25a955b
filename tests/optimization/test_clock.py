"""The time left is told once it is known, and within a factor of two."""

import math

import pytest

from impasto.optimization.clock import Clock
from impasto.optimization.schedule import SMALLEST, SMALLEST_PAINTED, schedule

MEASURED = [
    (512, "good", SMALLEST_PAINTED, [(2.90, 0.322), (2.28, 1.054)]),
    (512, "draft", SMALLEST_PAINTED, [(1.48, 0.370), (0.51, 0.272)]),
    (512, "good", SMALLEST, [(3.02, 0.144), (0.86, 0.309), (2.28, 0.997)]),
    (1024, "good", SMALLEST_PAINTED, [(5.01, 0.443), (3.10, 1.480), (2.56, 1.493)]),
]
"""Long side, quality, smallest scale; then for each scale the seconds of the first step and of each
other one: processor time on one core, photos of different shapes (benchmarks/README.md)."""


@pytest.mark.parametrize(("side", "quality", "smallest", "seconds"), MEASURED)
def test_within_a_factor_of_two_of_what_was_measured(side, quality, smallest, seconds):
    scales = schedule(side, quality, smallest=smallest)
    steps = [
        (number, step, first if step == 1 else each)
        for number, (scale, (first, each)) in enumerate(zip(scales, seconds, strict=True))
        for step in range(1, scale.steps + 1)
    ]
    left = sum(taken for _, _, taken in steps)
    now = [0.0]
    clock = Clock(scales, lambda: now[0])
    for number, step, taken in steps:
        now[0] += taken
        left -= taken
        told = clock.tick(number, step)
        assert (told < math.inf) == (number > 0 or step >= 3)
        assert told == math.inf or left / 2 - 1e-6 <= told <= 2 * left + 1e-6
    assert told == 0
