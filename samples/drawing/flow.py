"""Flow: thick oil strokes laid along a swirling field.

A stream function is a sum of vortices, drift and noise. Its contours are where the brush goes,
and its value also says how light the paint is, so that bands of light wind with the strokes.
"""

import numpy as np

from .brush import drag
from .studio import OVERSAMPLE, blur, grid, noise, palette, ramp, relief, smoothstep

SKY = palette("0b1230", "12225c", "1d3f8f", "2f6bb0", "6ea3c4", "b9d2c8", "f1e7b8")
SUN = palette("fff8d8", "fbe08a", "f2b632", "d68a1e", "8f8a4a", "2f6bb0")
FAR = palette("101c48", "1b3a66", "2a6b78", "5d9a8a", "b9c88a")
MIDDLE = palette("14213c", "2c4a3a", "5f7436", "a39a3c", "e0c75a")
NEAR = palette("2a1c2c", "5a3420", "a0641f", "d3952a", "eec050", "fbeebb")
ACCENTS = palette("e07a24", "f6d35c", "1f8f93", "a8c8d8", "7a2f2a")

# x, y, radius, turning sense; the first two are the great swirls, the rest are lights.
VORTICES = [
    (0.38, 0.40, 0.145, 1.0),
    (0.65, 0.50, 0.100, -1.0),
    (0.83, 0.17, 0.105, 1.0),
    (0.13, 0.15, 0.070, -1.0),
    (0.56, 0.11, 0.045, 1.0),
    (0.10, 0.52, 0.050, 1.0),
    (0.91, 0.50, 0.040, 1.0),
    (0.30, 0.09, 0.030, -1.0),
]
LIGHTS = VORTICES[2:]

# Height of the ridge, its swell, waves across the picture, phase, slant of furrows, colours.
HILLS = [
    (0.735, 0.022, 1.3, 0.10, 0.5, FAR),
    (0.790, 0.030, 0.9, 0.55, 0.6, MIDDLE),
    (0.850, 0.028, 0.7, 0.15, 0.55, NEAR),
]

# Brush width and stroke length as fractions of the picture, how many, how far the height rises.
LAYERS = [
    (0.034, 0.16, 1500, 0.0),
    (0.020, 0.12, 3600, 0.3),
    (0.012, 0.085, 6500, 0.6),
    (0.007, 0.050, 5200, 0.9),
]


def compose(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Plan the picture: brush direction (H, W, 2) and target colour (H, W, 3)."""
    x, y = grid(size)
    stream = 0.24 * y + 0.013 * noise(rng, size, 3, 2)
    spin = np.zeros_like(x)
    for cx, cy, radius, sense in VORTICES:
        away = np.hypot(x - cx, y - cy) / radius
        # Drift would push the eye of a vortex off its centre, so near it only the vortex counts.
        near = smoothstep(1.9, 0.6, away)
        stream = stream * (1 - near) + near * (0.24 * cy)
        stream += sense * 0.62 * radius * np.exp(-(away**2) / 2.4)
        spin += sense * near
    down, across = np.gradient(stream)
    bearing = np.stack([down, -across], -1)
    bearing /= np.linalg.norm(bearing, axis=-1, keepdims=True) + 1e-9
    # Turned a little inwards, closed rings become spirals.
    inward = np.stack([-bearing[..., 1], bearing[..., 0]], -1)
    bearing += 0.24 * spin[..., None] * inward

    arms = np.zeros_like(x)
    for cx, cy, radius, sense in VORTICES[:2]:
        away = np.hypot(x - cx, y - cy) / radius
        turn = np.arctan2(y - cy, x - cx)
        arms += smoothstep(2.1, 0.9, away) * np.sin(2 * turn - sense * 5.5 * away + 1)
    bands = np.sin(2 * np.pi * (stream * 17 + 0.06 * noise(rng, size, 5)))
    light = 0.40 + 0.17 * bands + 0.17 * arms + 0.10 * noise(rng, size, 4)
    light += 0.26 * smoothstep(0.48, 0.78, y) - 0.12 * smoothstep(0.4, 0.0, y)
    colour = ramp(light, SKY)
    for cx, cy, radius, _ in LIGHTS:
        away = np.hypot(x - cx, y - cy) / radius
        rings = away * 0.60 + 0.09 * np.sin(away * 11) + 0.03 * noise(rng, size, 9)
        glow = smoothstep(1.7, 1.05, away + 0.12 * bands)[..., None]
        colour = colour * (1 - glow) + glow * ramp(rings, SUN)
    return plough(rng, bearing, colour)


def plough(
    rng: np.random.Generator, bearing: np.ndarray, colour: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lay the hills over the sky, far to near, each with furrows of its own slant."""
    size = bearing.shape[0]
    x, y = grid(size)
    for top, swell, wave, phase, slant, earths in HILLS:
        ridge = top + swell * np.sin(2 * np.pi * (wave * x + phase)) + swell * 0.4 * np.sin(23 * x)
        depth = y - ridge
        # Furrows run along the ridge at the skyline and swing downhill below it.
        furrows = depth + slant * depth * np.sin(2 * np.pi * (wave * x * 1.3 + phase + 0.2))
        furrows += 0.008 * noise(rng, size, 4, 2)
        down, across = np.gradient(furrows)
        along = np.stack([down, -across], -1)
        along /= np.linalg.norm(along, axis=-1, keepdims=True) + 1e-9
        rows = np.sin(2 * np.pi * (furrows * 19 + 0.12 * noise(rng, size, 6)))
        tone = 0.55 + 0.25 * rows + 0.13 * noise(rng, size, 6) - 0.5 * smoothstep(0.03, 0, depth)
        here = smoothstep(-0.004, 0.004, depth)[..., None]
        colour = colour * (1 - here) + here * ramp(tone, earths)
        bearing = bearing * (1 - here) + here * along
    return bearing / (np.linalg.norm(bearing, axis=-1, keepdims=True) + 1e-9), colour


def trace(bearing: np.ndarray, start: np.ndarray, length: np.ndarray, steps: int) -> np.ndarray:
    """Follow the field from `start` (n, 2), half the length each way: paths (n, steps, 2)."""
    size = bearing.shape[0]
    halves = []
    for sense in (-1, 1):
        point, half = start.copy(), [start]
        for _ in range(steps // 2):
            column, row = np.clip(point, 0, size - 1).astype(int).T
            point = point + sense * bearing[row, column] * (length / steps)[:, None]
            half.append(point)
        halves.append(half)
    return np.stack([*halves[0][:0:-1], *halves[1]], 1)


def paint(size: int, seed: int = 1889) -> np.ndarray:
    """Paint the picture; returns it oversampled, (H, W, 3)."""
    rng = np.random.default_rng(seed)
    side = size * OVERSAMPLE
    bearing, colour = compose(rng, side)
    picture = colour * 0.55 + 0.04
    height = np.zeros((side, side), np.float32)
    for width, length, count, lift in LAYERS:
        start = rng.random((count, 2)) * side
        lengths = side * length * rng.uniform(0.55, 1.25, count)
        widths = side * width * rng.uniform(0.65, 1.25, count)
        paths = trace(bearing, start, lengths, 24)
        column, row = start.astype(int).T
        first = (
            colour[row, column]
            + rng.normal(0, 0.035, (count, 1))
            + rng.normal(0, 0.018, (count, 3))
        )
        # The second paint on the brush is picked up from the wet neighbourhood, sometimes neat.
        near = np.clip(start + rng.normal(0, side * 0.02, (count, 2)), 0, side - 1).astype(int)
        second = colour[near[:, 1], near[:, 0]] + rng.normal(0, 0.06, (count, 1))
        neat = rng.random(count) < 0.06
        second[neat] = ACCENTS[rng.integers(len(ACCENTS), size=neat.sum())]
        paints = np.clip(np.stack([first, second], 1), 0.01, 1)
        for path, wide, pair in zip(paths, widths, paints, strict=True):
            drag(rng, picture, height, path, wide, pair, lift)

    shade, shine = relief(blur(height, 0.9), 0.50, gloss=0.14)
    return picture * np.clip(shade, 0.4, 1.45)[..., None] + shine[..., None]
