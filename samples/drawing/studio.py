"""What every painting needs: noise, palettes, relief light, and a way out to a file.

Pictures are float arrays (H, W, 3) in [0, 1]. Everything is painted at `OVERSAMPLE` times the
final size and averaged down, which is all the antialiasing there is.
"""

from pathlib import Path

import numpy as np
from PIL import Image

OVERSAMPLE = 2


def noise(
    rng: np.random.Generator,
    size: int,
    cells: float | tuple[float, float],
    octaves: int = 4,
    gain: float = 0.5,
) -> np.ndarray:
    """Smooth fractal noise (size, size), zero mean, unit deviation.

    `cells` is the number of lumps across the picture, or (down, across) for stretched noise.
    Counting in lumps, not in pixels, keeps the composition at every size.
    """
    rows, columns = cells if isinstance(cells, tuple) else (cells, cells)
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        grid = rng.standard_normal((int(rows * 2**octave) + 3, int(columns * 2**octave) + 3))
        lumps = Image.fromarray(grid.astype(np.float32)).resize((size, size), Image.BICUBIC)
        total += gain**octave * np.asarray(lumps)
    return (total - total.mean()) / total.std()


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (x, y) of the pixel centres, in [0, 1], y down."""
    line = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = np.meshgrid(line, line)
    return x, y


def palette(*colours: str) -> np.ndarray:
    """Colours `rrggbb` as rows of an (n, 3) array in [0, 1]."""
    return np.array([list(bytes.fromhex(c)) for c in colours], np.float32) / 255


def ramp(t: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Look `t` in [0, 1] up in evenly spaced colours; adds a last axis of 3."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(t, stops, c) for c in colours.T], -1).astype(np.float32)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, and a soft S between (either order of bounds)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blur(field: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of a 2-D field, in pixels, edges repeated."""
    reach = max(1, int(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach, reach)
        padded, length = np.pad(field, pad, mode="edge"), field.shape[axis]
        field = sum(
            k * (padded[i : i + length] if axis == 0 else padded[:, i : i + length])
            for i, k in enumerate(kernel)
        )
    return field


def relief(height: np.ndarray, depth: float, gloss: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Light a height map (in pixels) from the upper left: (shade around 1, highlight from 0).

    Multiply a picture by the shade and add the highlight.
    """
    slope_y, slope_x = np.gradient(height * depth)
    normal_z = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    light = np.array([-0.55, -0.6, 0.58])
    diffuse = (light[0] * -slope_x + light[1] * -slope_y + light[2]) * normal_z
    half = light + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    mirror = (half[0] * -slope_x + half[1] * -slope_y + half[2]) * normal_z
    return diffuse / light[2], gloss * np.clip(mirror, 0, 1) ** 40


def develop(picture: np.ndarray) -> Image.Image:
    """Average an oversampled picture down and quantise it."""
    side = picture.shape[0] // OVERSAMPLE
    small = picture.reshape(side, OVERSAMPLE, side, OVERSAMPLE, 3).mean((1, 3))
    return Image.fromarray((np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8))


def save(image: Image.Image, path: Path) -> None:
    """Write a JPEG whose colour is not subsampled: dots and leads are as fine as pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=88, subsampling=0)
