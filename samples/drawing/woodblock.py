"""Tools of the print: two blocks, cut together, inked and pulled on grained paper."""

import numpy as np
from PIL import Image, ImageDraw

from .studio import blur, noise, palette

INK = palette("14213f")[0]
PAPER = palette("f3e8cd")[0]

Ink = tuple[int, int, int]


def ink(colour: str) -> Ink:
    """`rrggbb` as Pillow wants it."""
    return tuple(bytes.fromhex(colour))


class Blocks:
    """The colour block and the key (line) block of one print, in unit coordinates.

    Cutting an area clears the lines under it on the key block, so that what is cut later lies in
    front, as the printmaker's drawing would have it.
    """

    def __init__(self, ground: np.ndarray) -> None:
        self.side = ground.shape[0]
        self.colour = Image.fromarray((np.clip(ground, 0, 1) * 255).astype(np.uint8))
        self.key = Image.new("L", self.colour.size, 0)
        self._paint = ImageDraw.Draw(self.colour)
        self._cut = ImageDraw.Draw(self.key)

    def area(self, outline: np.ndarray, ink: Ink) -> None:
        """Fill a closed outline (n, 2)."""
        corners = [tuple(p) for p in outline * self.side]
        self._paint.polygon(corners, fill=ink)
        self._cut.polygon(corners, fill=0)

    def line(self, path: np.ndarray, width: float | np.ndarray) -> None:
        """Draw a key line along a path (n, 2); `width` may vary along it."""
        self._cut.polygon([tuple(p) for p in ribbon(path, width) * self.side], fill=255)

    def tube(self, path: np.ndarray, radius: np.ndarray, ink: Ink, edge: float) -> None:
        """Draw a filled, outlined, tapering limb: foam fingers, drops (a path of one point)."""
        if len(path) > 1:  # dense enough that the discs do not show as beads
            t = np.linspace(0, len(path) - 1, 4 * len(path))
            path = np.stack([np.interp(t, np.arange(len(path)), p) for p in path.T], 1)
            radius = np.interp(t, np.arange(len(radius)), radius)
        # No outline over the first few steps: there the limb grows out of what it stands on.
        root = np.clip(np.arange(len(radius)) / 8 - 1, 0, 1) if len(radius) > 1 else 1
        edges = radius + edge * np.linspace(1.25, 0.7, len(radius)) * root
        for reach, lines in ((edges, 255), (radius, 0)):
            for (x, y), r in zip(path * self.side, reach * self.side, strict=True):
                box = (x - r, y - r, x + r, y + r)
                self._cut.ellipse(box, fill=lines)
                if not lines:
                    self._paint.ellipse(box, fill=ink)

    def pull(self, rng: np.random.Generator) -> np.ndarray:
        """Print both blocks on paper: wood grain in the flats, worn lines, a slight misfit."""
        side = self.side
        colour = np.asarray(self.colour, np.float32) / 255
        rings = noise(rng, side, (26, 1.2), 3) * 2.2 + np.linspace(0, 60, side)[:, None]
        grain = np.sin(rings * 6) * 0.5 + noise(rng, side, (300, 9), 2) * 0.5
        mottle = noise(rng, side, 60, 4)
        fibres = noise(rng, side, (side / 8, side / 50), 1) + noise(rng, side, (90, side / 6), 1)
        # Thin places in the ink let the paper through, most visibly where the ink is dark.
        thin = np.clip(0.055 + 0.050 * grain + 0.035 * mottle, 0, 0.35)[..., None]
        colour = colour + thin * (PAPER - colour)
        colour *= (1 + 0.012 * fibres + 0.014 * noise(rng, side, side / 5, 1))[..., None]

        line = blur(np.asarray(self.key, np.float32) / 255, 0.8)
        slip = round(0.0012 * side)
        line = np.pad(line, ((slip, 0), (0, slip)), mode="edge")[:side, slip:]
        worn = np.clip(0.94 - 0.05 * mottle - 0.04 * fibres, 0, 1)
        return colour + (line * worn)[..., None] * (INK - colour)


def spline(points: np.ndarray, count: int) -> np.ndarray:
    """Sample a Catmull-Rom curve through the points (n, 2), evenly in its parameter."""
    ends = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    p = np.array(ends)
    t = np.linspace(0, len(points) - 1, count)
    i = np.minimum(t.astype(int), len(points) - 2)
    f = (t - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    cubic = (3 * b - a - 3 * c + d) * f + (2 * a - 5 * b + 4 * c - d)
    return b + 0.5 * f * (c - a + f * cubic)


def ribbon(path: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """Outline a line with a width."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-12
    offset = np.stack([-ahead[:, 1], ahead[:, 0]], 1) * np.reshape(width, (-1, 1)) / 2
    return np.concatenate([path + offset, (path - offset)[::-1]])


def swelling(rng: np.random.Generator, count: int, width: float) -> np.ndarray:
    """Widths of a carved line: thin at both ends, swelling unevenly between."""
    t = np.linspace(0, 1, count)
    swell = 0.75 + 0.35 * np.sin(2 * np.pi * (rng.uniform(0.8, 2.5) * t + rng.random()))
    return width * swell * np.clip(8 * np.minimum(t, 1 - t) + 0.15, 0, 1)
