"""Wave: a woodblock print of breaking waves, flat colours inside swelling dark lines."""

from itertools import pairwise

import numpy as np

from .foam import FOAM, foam
from .studio import OVERSAMPLE, grid, noise, palette, ramp, smoothstep
from .woodblock import Blocks, ink, spline, swelling

BLUES = [ink(c) for c in ("1c3c72", "2f66a0", "8fb6c4", "24508a", "d9dfcb", "1c3c72", "5f97b8")]
FAR_BLUES = [ink(c) for c in ("c9d6c4", "7fabb9", "4b86a8", "2f66a0", "24508a")]
SKY = palette("16315f", "3c6a97", "a9c2bd", "ecdfc0", "f2d3a4", "eeb58a")

# One wave breaking to the right, of height 1: its back, and its hollow face, base to tip (y up).
BACK = np.array(
    [
        (-2.5, -1.1),
        (-1.35, 0.05),
        (-0.85, 0.42),
        (-0.42, 0.80),
        (0.02, 1.0),
        (0.42, 0.95),
        (0.70, 0.70),
    ]
)
FACE = np.array(
    [
        (2.6, -1.1),
        (1.1, -0.12),
        (0.42, 0.06),
        (0.10, 0.32),
        (0.08, 0.58),
        (0.30, 0.77),
        (0.66, 0.67),
    ]
)


def sky(rng: np.random.Generator, size: int) -> np.ndarray:
    """Bokashi: ink wiped by hand from dark at the top to nothing, and a red sun behind clouds."""
    x, y = grid(size)
    tone = np.interp(y, [0, 0.05, 0.20, 0.36, 0.50, 0.62], np.linspace(0, 1, 6))
    picture = ramp(tone + 0.012 * noise(rng, size, (9, 2), 3), SKY)
    away = np.hypot(x - 0.765, y - 0.235)
    red = ramp(smoothstep(0.12, 0.36, y), palette("c5362a", "e0703c"))
    picture = np.where((away < 0.115)[..., None], red, picture)
    # Bands of mist with round ends, the print's own way of saying "far".
    for top, left, right, thick in [
        (0.105, 0.50, 0.93, 0.020),
        (0.140, 0.62, 1.20, 0.026),
        (0.285, 0.56, 0.86, 0.018),
        (0.316, 0.67, 1.20, 0.022),
        (0.070, -0.20, 0.20, 0.022),
        (0.104, -0.20, 0.11, 0.018),
        (0.400, 0.76, 1.20, 0.020),
    ]:
        inside = np.hypot(x - np.clip(x, left, right), y - top) < thick
        fade = smoothstep(top - 1.6 * thick, top + 1.2 * thick, y)
        mist = ramp(fade, palette("f6ecd2", "e3d9bd"))
        picture = np.where(inside[..., None], mist, picture)
    return picture


def scales(blocks: Blocks, rng: np.random.Generator) -> None:
    """Draw the far sea: rows of nested arcs that grow as they come nearer."""
    turn = np.linspace(np.pi, 2 * np.pi, 40)
    arc = np.stack([np.cos(turn), np.sin(turn)], 1)
    y, radius, row = 0.485, 0.017, 0
    while y < 1.05:
        # Counted from the middle outwards, columns line up in perspective from row to row.
        reach = int(0.6 / radius) + 1
        for column in range(-reach, reach + 1):
            centre = np.array([0.5 + (2 * column + row % 2) * radius, y])
            for level, shrink in enumerate((1.0, 0.82, 0.62, 0.42, 0.22)):
                bow = centre + arc * radius * shrink * [1, 0.90]
                blocks.area(bow, FAR_BLUES[(level * 2 + (y > 0.56)) % 5])
                blocks.line(bow, swelling(rng, 40, 0.0028 if level == 0 else 0.0014))
        y, radius, row = y + radius * 0.46, radius * 1.055, row + 1


def breaker(
    blocks: Blocks, rng: np.random.Generator, x: float, y: float, scale: float, stripes: int
) -> None:
    """One breaking wave whose base stands at (x, y): striped body, foam on the lip, spray."""
    at = np.array([x, y])
    back, face = (at + scale * spline(p, 160) * [1, -1] for p in (BACK, FACE))
    bounds = np.concatenate([[0], np.sort(rng.uniform(0.02, 0.98, stripes - 1)), [1]])
    bounds = 0.35 * bounds + 0.65 * np.linspace(0, 1, stripes + 1)
    s = np.linspace(0, 1, 160)
    wander = 0.020 * np.sin(2 * np.pi * (2.3 * s + rng.random())) * (1 - s)

    def streamline(w: float) -> np.ndarray:
        w = np.clip(w + wander * np.sin(np.pi * w), 0, 1)[:, None]
        return back * (1 - w) + face * w

    for n, (low, high) in enumerate(pairwise(bounds)):
        band = np.concatenate([streamline(low), streamline(high)[::-1]])
        blocks.area(band, BLUES[n % len(BLUES)])
        # Fine lines run part of the way up inside each band, as the current would.
        for share in (0.3, 0.6):
            first = rng.integers(0, 60)
            hair = streamline(low + share * (high - low))[first : first + rng.integers(50, 95)]
            blocks.line(hair, swelling(rng, len(hair), 0.0022 * scale**0.5))
    for w in bounds:
        heavy = 0.0062 if w in (0, 1) else 0.0034
        blocks.line(streamline(w), swelling(rng, 160, heavy * scale**0.5))
    lip = np.concatenate([back[88:], face[:112:-1]])
    foam(blocks, rng, lip, 0.155 * scale, 1)
    for _ in range(int(110 * scale**0.5)):
        out = (0.12 + rng.exponential(0.20)) * scale
        place = (
            at
            + scale * np.array([0.62, -0.92])
            + out * np.array([np.cos(a := rng.uniform(-1.9, 0.75)), np.sin(a)])
        )
        drop = np.array([(0.002 + min(rng.exponential(0.003), 0.007)) * scale**0.5])
        blocks.tube(place[None], drop, FOAM, 0.0010)


def swell(
    blocks: Blocks,
    rng: np.random.Generator,
    base: float,
    height: float,
    waves: float,
    phase: float,
    size: float,
    bands: int,
) -> None:
    """Draw a rolling foreground wave from edge to edge, banded along its own ridge."""
    x = np.linspace(-0.1, 1.1, 240)

    def ridge(sink: float) -> np.ndarray:
        flat = 1 / (1 + 3.5 * sink)
        roll = np.sin(2 * np.pi * (waves * x + phase - 0.5 * sink)) * flat
        sharp = roll + 0.25 * flat * np.sin(4 * np.pi * (waves * x + phase) + 1.2)
        return np.stack([x, base + sink - height * sharp], 1)

    sinks = np.cumsum(rng.uniform(0.55, 1.6, bands)) * 0.020
    for n, sink in enumerate([0.0, *sinks]):
        edge = ridge(sink)
        blocks.area(np.concatenate([edge, [(1.1, 1.2), (-0.1, 1.2)]]), BLUES[(n * 3 + 1) % 7])
        blocks.line(edge, swelling(rng, 240, 0.0055 if n == 0 else 0.0032))
    crest = ridge(0.0)
    rising = np.gradient(crest[:, 1]) < 0.0006
    for run in np.split(np.arange(240), np.flatnonzero(np.diff(rising)) + 1):
        if rising[run[0]] and len(run) > 20:
            foam(blocks, rng, crest[run[len(run) // 3] : run[-1] + 1], size, 1)


def paint(size: int, seed: int = 1831) -> np.ndarray:
    """Cut, ink and pull the print; returns it oversampled, (H, W, 3)."""
    rng = np.random.default_rng(seed)
    blocks = Blocks(sky(rng, size * OVERSAMPLE))
    scales(blocks, rng)
    breaker(blocks, rng, 0.86, 0.66, 0.20, 9)
    breaker(blocks, rng, 0.62, 0.74, 0.25, 11)
    breaker(blocks, rng, 0.24, 0.86, 0.66, 27)
    breaker(blocks, rng, 0.84, 0.90, 0.30, 13)
    swell(blocks, rng, 0.875, 0.035, 1.5, 0.15, 0.055, 5)
    swell(blocks, rng, 0.955, 0.040, 1.1, 0.62, 0.075, 6)
    return blocks.pull(rng)
