"""Foam of the print: a lobed mass along a lip, and the claws that reach out of it."""

import numpy as np

from .woodblock import Blocks, ink, swelling

FOAM, SHADE = ink("f6efdb"), ink("b9d0cf")


def finger(
    blocks: Blocks,
    rng: np.random.Generator,
    root: np.ndarray,
    heading: float,
    length: float,
    thick: float,
    turn: float,
    depth: int = 1,
) -> None:
    """One claw of foam: a limb that bends more and more, with smaller claws on its outer side."""
    count = 30
    t = np.linspace(0, 1, count)
    bend = heading + turn * t**1.9
    step = np.stack([np.cos(bend), np.sin(bend)], 1) * length / count
    path = root + np.cumsum(step, 0)
    radius = thick * (1 - 0.93 * t**0.9) * (1 + 0.10 * np.sin(9 * t))
    edge = 0.0014 + 0.05 * thick
    if depth:
        for at, lean in ((0.30, -0.9), (0.50, -0.75), (0.66, 0.5)):
            k = int(at * count)
            spread = bend[k] + np.sign(turn) * lean * rng.uniform(0.8, 1.2)
            small = length * rng.uniform(0.36, 0.48)
            finger(blocks, rng, path[k], spread, small, radius[k] * 0.66, turn * 1.1, depth - 1)
    blocks.tube(path, radius, FOAM, edge)
    if depth:
        normal = np.stack([np.sin(bend), -np.cos(bend)], 1) * np.sign(turn)
        shade = path - 0.42 * radius[:, None] * normal
        blocks.tube(shade[4:-6], 0.30 * radius[4:-6], SHADE, 0.0)
        inner = (path + 0.15 * radius[:, None] * normal)[2:-8]
        blocks.line(inner, swelling(rng, len(inner), 0.16 * thick))


def foam(
    blocks: Blocks, rng: np.random.Generator, lip: np.ndarray, size: float, sense: int
) -> None:
    """Foam along a lip (n, 2): the lobed mass first, then claws in a long-short rhythm."""
    ahead = np.gradient(lip, axis=0)
    travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(lip, axis=0), axis=1))])
    swell = np.sin(np.pi * np.clip(travelled / travelled[-1], 0.04, 0.96)) ** 0.6

    at = np.searchsorted(travelled, np.arange(0, travelled[-1], 0.11 * size))
    lobes = lip[at]
    radius = 0.30 * size * swell[at] * (1 + 0.28 * np.sin(np.arange(len(at)) * 1.1))
    blocks.tube(lobes, radius, FOAM, 0.012 * size + 0.001)
    for k in range(3, len(lobes) - 3, 5):
        turn = np.linspace(0, 1.25 * np.pi, 24) * sense + rng.uniform(0, 6.28)
        curl = np.stack([np.cos(turn), np.sin(turn)], 1) * np.linspace(0.85, 0.2, 24)[:, None]
        place = lobes[k] + rng.normal(0, 0.06 * size, 2)
        blocks.tube(place + curl * 0.16 * size, np.linspace(0.06, 0.02, 24) * size, SHADE, 0.0)
        blocks.line(place + curl * 0.22 * size, swelling(rng, 24, 0.04 * size))

    for n, place in enumerate(np.arange(0.3 * size, travelled[-1], 0.46 * size)):
        k = int(np.searchsorted(travelled, place))
        heading = np.arctan2(ahead[k, 1], ahead[k, 0]) - sense * rng.uniform(1.05, 1.45)
        length = size * (2.0, 1.15, 1.6, 0.9)[n % 4] * rng.uniform(0.9, 1.15) * swell[k]
        turn = sense * rng.uniform(2.7, 3.5)
        finger(blocks, rng, lip[k], heading, length, 0.19 * size * swell[k], turn)
