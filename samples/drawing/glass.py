"""Glass: a rose window of Voronoi cells, leaded, lit from behind.

Seeds set in rings make the rose; relaxed random seeds make the field around it. A lead lies where
two cells meet, at the exact distance to the bisector of the two nearest seeds.
"""

import numpy as np

from .studio import OVERSAMPLE, blur, grid, noise, palette, relief, smoothstep

CENTRE = (0.5, 0.5)
# Rings of the rose: radius, number of panes, turn in panes, glass to alternate.
RINGS = [
    (0.000, 1, 0.0, ("ffd23c",)),
    (0.052, 8, 0.5, ("f2a01e", "c8202c")),
    (0.105, 16, 0.0, ("0f52b8", "d8e9f0", "1a3fa0", "2f8fd8")),
    (0.165, 16, 0.5, ("b3122e", "e8541f")),
    (0.232, 32, 0.5, ("1746b0", "137a6a", "2a6fd0", "0c2f86")),
    (0.292, 32, 0.0, ("f7c22e", "6b2a8c", "e88a1c", "8a2f98")),
    (0.360, 48, 0.5, ("12389c", "1e62c8", "0f8f88")),
]
FIELD = [
    *("0d2f86", "1648b8", "1f7ad0", "0e7f86", "1c8a4e", "74ac34"),
    *("b0142c", "d8401c", "f0a41c", "f8dc6c", "6a2488", "a83a80", "dceaf0"),
]
# Leads drawn over the panes: circles of the rose (radius, half width).
HOOPS = [(0.030, 0.0035), (0.136, 0.0058), (0.262, 0.0048), (0.402, 0.0080), (0.424, 0.0045)]
# Wreaths of circles, each touching a hoop inside and out: how many, at what radius, how wide.
FOILS = [(8, 0.083, 0.053), (16, 0.199, 0.063), (16, 0.332, 0.070)]


def seeds(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) and colours (n, 3) of all panes, the rose first."""
    places, colours = [], []
    for radius, count, turn, glass in RINGS:
        angle = 2 * np.pi * (np.arange(count) + turn) / count - np.pi / 2
        places += list(np.stack([np.cos(angle), np.sin(angle)], 1) * radius + CENTRE)
        colours += [palette(glass[k % len(glass)])[0] for k in range(count)]
    # A necklace of small panes between the two outer hoops.
    angle = 2 * np.pi * np.arange(64) / 64
    places += list(np.stack([np.cos(angle), np.sin(angle)], 1) * 0.413 + CENTRE)
    colours += [palette("f6e3a0" if k % 2 else "c01c30")[0] for k in range(64)]
    rose = np.array(places)

    field = rng.uniform(-0.06, 1.06, (420, 2))
    field = field[np.hypot(*(field - CENTRE).T) > 0.452]
    for _ in range(3):  # a few rounds of Lloyd's relaxation even the sizes out, not quite
        probe = rng.uniform(-0.08, 1.08, (40000, 2))
        probe = probe[np.hypot(*(probe - CENTRE).T) > 0.427]
        owner = ((probe[:, None] - field) ** 2).sum(-1).argmin(1)
        count = np.bincount(owner, minlength=len(field))[:, None]
        mean = np.stack([np.bincount(owner, p, len(field)) for p in probe.T], 1)
        field = np.where(count > 0, mean / np.maximum(count, 1), field)
    # Neighbouring panes tend to agree: the index of the glass drifts with place and angle.
    away = field - CENTRE
    turn = np.arctan2(away[:, 1], away[:, 0]) / (2 * np.pi)
    drift = turn * 4 * len(FIELD) + 9 * np.hypot(*away.T) + rng.normal(0, 1.3, len(field))
    colours += list(palette(*FIELD)[np.floor(drift).astype(int) % len(FIELD)])
    return np.concatenate([rose, field]), np.array(colours)


def nearest(size: int, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the nearest seed (H, W) and the distance to the edge of its cell, in units."""
    owner = np.empty((size, size), np.int32)
    edge = np.empty((size, size), np.float32)
    across = ((np.arange(size) + 0.5) / size)[:, None] - places[:, 0]
    for row in range(size):
        # Only seeds close to the row can matter, which makes it several times faster.
        down = (row + 0.5) / size - places[:, 1]
        close = np.flatnonzero(np.abs(down) < 0.14)
        away = across[:, close] ** 2 + down[close] ** 2
        two = np.argpartition(away, 1, axis=1)[:, :2]
        near = np.take_along_axis(away, two, 1)
        first, second = close[two[:, 0]], close[two[:, 1]]
        gap = np.linalg.norm(places[first] - places[second], axis=1)
        edge[row] = (near[:, 1] - near[:, 0]) / (2 * gap)
        owner[row] = first
    return owner, edge


def foils(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest foil circle (H, W), and how many circles a pixel lies in."""
    x, y = grid(size)
    distance, depth = np.ones_like(x), np.zeros_like(x)
    for count, at, radius in FOILS:
        for turn in 2 * np.pi * np.arange(count) / count:
            cx, cy = CENTRE[0] + at * np.cos(turn), CENTRE[1] + at * np.sin(turn)
            away = np.hypot(x - cx, y - cy) - radius
            distance = np.minimum(distance, np.abs(away))
            depth += away < 0
    return distance, depth


def leads(
    rng: np.random.Generator, size: int, edge: np.ndarray, foil: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Height profile of the lead came over the panes, 0 where there is glass, and its cover."""
    x, y = grid(size)
    away = np.hypot(x - CENTRE[0], y - CENTRE[1])
    hand = 1 + 0.22 * noise(rng, size, 26, 3)
    width = (0.0026 + 0.0020 * smoothstep(0.41, 0.47, away)) * hand
    bar = np.maximum(1 - (edge / width) ** 2, 1 - (foil / (0.0031 * hand)) ** 2)
    for radius, half in HOOPS:
        bar = np.maximum(bar, 1.35 * (1 - ((away - radius) / (half * (0.8 + 0.2 * hand))) ** 2))
    return np.sqrt(np.clip(bar, 0, None)), smoothstep(-0.15, 0.25, bar)


def panes(
    rng: np.random.Generator,
    size: int,
    owner: np.ndarray,
    edge: np.ndarray,
    places: np.ndarray,
    colours: np.ndarray,
    depth: np.ndarray,
) -> np.ndarray:
    """Light through the glass: every pane has its own gradient, streaks, waves and grime."""
    x, y = grid(size)
    count = len(places)
    lean = rng.uniform(0, np.pi, count)[owner]
    dx, dy = x - places[owner, 0], y - places[owner, 1]
    along, across = (
        dx * np.cos(lean) + dy * np.sin(lean),
        dy * np.cos(lean) - dx * np.sin(lean),
    )
    # Streaks: waves across the draw of the glass, bent by noise so that no two are alike.
    bend = 0.020 * noise(rng, size, 9, 3)
    phase = rng.uniform(0, 6.28, count)[owner]
    pitch = rng.uniform(90, 230, count)[owner]
    streak = np.sin((across + bend) * pitch * 2 + phase) + 0.6 * np.sin(
        (across + 1.5 * bend) * pitch * 5.3 + 2 * phase + 9 * along
    )
    ripple = noise(rng, size, 150, 2)
    cloud = noise(rng, size, 22, 4)

    glow = 0.10 * rng.standard_normal(count)[owner] + along * rng.uniform(-6, 6, count)[owner]
    light = 0.60 + glow + 0.075 * streak * rng.uniform(0.3, 1.5, count)[owner]
    light += 0.085 * cloud + 0.035 * ripple
    # Sun stands behind the upper left of the window; grime gathers beside the leads.
    light += 0.26 * np.exp(-((x - 0.40) ** 2 + (y - 0.36) ** 2) / 0.13) - 0.07
    light -= 0.34 * np.exp(-edge / 0.0045)
    # Panes cut by the foils alternate, as if a second, paler glass had been set in.
    light += 0.13 * np.cos(np.pi * depth) * (depth > 0) + 0.05
    light = np.clip(light, 0.02, 1.15)[..., None]

    # Thin glass is pale, thick glass deep: one dye, so hue holds while light runs through it.
    second = colours[rng.permutation(count)]
    flashed = smoothstep(0.6, 1.6, cloud + 0.5 * streak)[..., None]
    flashed = flashed * (rng.random(count) < 0.25)[owner][..., None]
    dye = colours[owner] * (1 - 0.6 * flashed) + 0.6 * flashed * second[owner]
    deep = dye ** (2.1 - 1.15 * light) * (0.25 + 1.0 * light)
    picture = deep + 0.55 * smoothstep(0.80, 1.15, light) * (palette("fff4d8")[0] - deep)

    # Painted lines (grisaille): contours inside some of the larger panes.
    contour = np.abs(np.sin(edge * 300 + 0.15 * cloud))
    wanted = (rng.random(count) < 0.30)[owner] & (edge > 0.008)
    picture *= 1 - 0.55 * (wanted * smoothstep(0.42, 0.12, contour))[..., None]
    for _ in range(900):  # seeds: air bubbles, a dark ring around a bright spot
        bubble(picture, rng.random(2) * size, size * rng.uniform(0.0006, 0.0016))
    return picture


def bubble(picture: np.ndarray, place: np.ndarray, radius: float) -> None:
    """One air bubble in the glass, in place."""
    reach = int(2 * radius) + 1
    column, row = np.maximum(place.astype(int), reach)
    window = picture[row - reach : row + reach + 1, column - reach : column + reach + 1]
    line = np.arange(-reach, reach + 1)
    away = np.hypot(line[None, : window.shape[1]], line[: window.shape[0], None]) / radius
    ring = np.exp(-(((away - 1) / 0.35) ** 2)) * 0.5
    spot = np.exp(-((away / 0.6) ** 2)) * 0.45
    window *= (1 - ring)[..., None]
    window += spot[..., None] * (1 - window)


def paint(size: int, seed: int = 1248) -> np.ndarray:
    """Glaze the window; returns it oversampled, (H, W, 3)."""
    rng = np.random.default_rng(seed)
    side = size * OVERSAMPLE
    places, colours = seeds(rng)
    owner, edge = nearest(side, places)
    foil, depth = foils(side)
    picture = panes(rng, side, owner, edge, places, colours, depth)

    height, cover = leads(rng, side, edge, foil)
    pits = noise(rng, side, 260, 3)
    shade, shine = relief(blur(height * 5 + 0.1 * pits, 1.2) * side / 2048, 1.1, gloss=0.75)
    metal = np.clip(0.5 + 0.55 * shade, 0.2, 2.4)[..., None] * palette("2a2c33")[0]
    metal = metal * (1 + 0.12 * pits[..., None]) + shine[..., None] * palette("b4bccb")[0]

    lit = picture * (1 - cover[..., None])
    # Halation: bright glass spills over its leads.
    spill = np.stack([blur(blur(c, side / 500), side / 250) for c in lit.transpose(2, 0, 1)], -1)
    return lit + metal * cover[..., None] + 0.20 * spill
