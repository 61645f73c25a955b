"""One oil brush: bristles, two paints, and the thickness that it leaves behind."""

import numpy as np

from .studio import smoothstep


def drag(
    rng: np.random.Generator,
    picture: np.ndarray,
    height: np.ndarray,
    path: np.ndarray,
    width: float,
    paints: np.ndarray,
    lift: float,
) -> None:
    """Drag one loaded brush along a path, in place.

    The stroke is a ribbon with its own coordinates: `along` from 0 to 1, `across` from -1 to 1.
    Bristles are a function of `across` alone, which is what makes streaks.
    """
    pieces = np.linalg.norm(np.diff(path, axis=0), axis=1)
    travelled = np.concatenate([[0], np.cumsum(pieces)])
    count = max(8, int(travelled[-1] * 1.5))
    along = np.linspace(0, 1, count)[:, None]
    spine = np.stack([np.interp(along[:, 0] * travelled[-1], travelled, p) for p in path.T], -1)
    heading = np.gradient(spine, axis=0)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-9
    side = np.stack([-heading[:, 1], heading[:, 0]], -1)

    lanes = max(5, int(width * 1.5))
    across = np.linspace(-1, 1, lanes)[None, :]
    bristles = rng.standard_normal(lanes)
    bristles = np.convolve(bristles, [0.25, 0.5, 0.25], "same")
    load = np.interp(across[0], np.linspace(-1, 1, 5), rng.uniform(-0.3, 1.1, 5))

    # Round ends, each bristle leaving the canvas a little sooner or later than its neighbours.
    cap = width / max(travelled[-1], 1)
    ragged = 0.35 * cap * bristles
    end = 0.5 * cap * (1 - np.sqrt(1 - across**2 * 0.98))
    laid = (along > end + 0.3 * ragged) & (along < 1 - end - np.abs(ragged) * 1.5)
    laid &= (bristles > -0.95 - 1.2 * (along < 0.75)) | (rng.random((count, 1)) < 0.25)

    place = spine[:, None, :] + side[:, None, :] * (across * width / 2)[..., None]
    column, row = np.round(place[laid]).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < height.shape[1]) & (row < height.shape[0])
    column, row = column[inside], row[inside]

    shape = (count, lanes)
    mix = np.broadcast_to(np.clip(load + 0.25 * bristles, 0, 1), shape)[laid][inside]
    tone = np.broadcast_to(1 + 0.075 * bristles, shape)[laid][inside]
    paint = paints[0] + (paints[1] - paints[0]) * mix[:, None]
    picture[row, column] = paint * tone[:, None]

    # Paint is squeezed out to the two edges and heaped where the brush lifts off.
    body = 0.45 + 0.22 * bristles + 0.5 * across**4 + 0.5 * smoothstep(0.75, 1.0, along)
    thick = (lift + body * width**0.5)[laid][inside]
    height[row, column] = 0.3 * height[row, column] + thick
