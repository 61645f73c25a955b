"""The trace of a painting: what every step cost and brought."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """One step.

    Attributes:
        scale: index into the schedule.
        side: long side of the picture at that scale, in pixels.
        step: of the scale, from 1.
        seconds: since the start, without the time between an interruption and `--resume`.
        losses: weighted parts ("content", "style", "tv") and their "total", before the step.
    """

    scale: int
    side: int
    step: int
    seconds: float
    losses: dict[str, float]
