"""Points: a shore at sunset in dots of pure colour that mix only in the eye.

Each dot takes the nearest of a few strong colours to a randomly disturbed target: it is dithering
done with a brush, so that the average of a neighbourhood is the target and no dot is.
"""

import numpy as np

from .studio import OVERSAMPLE, blur, grid, noise, palette, ramp, relief, smoothstep

PAINTS = palette(
    *("fdf3d4", "f8dc7c", "f3b92e", "ea8a2c", "d9562a", "b8303a", "dd8f92", "f3cdbf"),
    *("9a7fb8", "5c4690", "2a2f78", "2456a8", "3f8fcc", "9fcbe0", "2f9f98", "23704e"),
    *("76a848", "c6cf6a", "12214a", "401a3c"),
)
SKY = palette("1f4f9e", "3f86c4", "86b9d0", "d6d6b4", "f6c766", "f9dd8c", "fdf0c4")
SEA = palette("fdeebc", "f5b95c", "c98a78", "4f86b4", "22569e", "17407c", "122c5c")
HILL = palette("6f6ab0", "46509c", "2b3c7c")
MEADOW = palette("14284e", "1d5a48", "4f8a40", "a9b84c", "efc95c")

SUN = (0.63, 0.36)
# Dot diameter as a fraction of the picture, how many, how wild the colour.
LAYERS = [(0.0185, 9000, 0.06), (0.0135, 15000, 0.09), (0.0100, 17000, 0.12), (0.0062, 13000, 0.14)]


def compose(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Plan the picture: target colour (H, W, 3) and how dots line up, radians (H, W)."""
    x, y = grid(size)
    sun_x, sun_y = SUN
    away = np.hypot(x - sun_x, (y - sun_y) * 1.05)
    swirl = noise(rng, size, 3, 4)
    # Rings of light around the sun give the sky a long structure to follow.
    light = 0.99 - 1.55 * away + 0.085 * np.sin(58 * away + 0.9 * swirl) + 0.05 * swirl
    colour = ramp(light, SKY)
    clouds = smoothstep(0.6, 1.3, noise(rng, size, (7, 2.2), 4)) * smoothstep(0.44, 0.2, y)
    colour += clouds[..., None] * (palette("f7d3bd")[0] - colour) * 0.9
    disc = smoothstep(0.072, 0.066, away)[..., None]
    colour = colour * (1 - disc) + disc * palette("fffbe8")[0]
    angle = np.arctan2(y - sun_y, x - sun_x) + np.pi / 2

    hills = (
        0.455
        - 0.075 * np.exp(-(((x - 0.16) / 0.17) ** 2))
        - 0.045 * np.exp(-(((x - 0.93) / 0.14) ** 2))
    )
    hills += 0.006 * np.sin(41 * x) + 0.004 * np.sin(97 * x)
    tone = np.clip((y - hills) * 9 + 0.25 * swirl, 0, 1)
    colour, angle = over(colour, angle, y > hills, ramp(tone, HILL), 0.5 * np.cos(9 * x))

    depth = np.clip((y - 0.47) / 0.36, 0, 1)
    ripples = np.sin(2 * np.pi * (9 * depth**0.55 * 2 + 0.25 * noise(rng, size, (16, 3), 2)))
    path = np.exp(-(((x - sun_x) / (0.045 + 0.11 * depth)) ** 2))
    tone = 0.31 + 0.56 * depth + 0.13 * ripples - 0.56 * path * (0.60 + 0.40 * ripples)
    colour, angle = over(colour, angle, y > 0.47, ramp(tone, SEA), 0.0 * x)

    bank = 0.80 + 0.07 * np.sin(4.4 * x + 2.3) + 0.012 * np.sin(31 * x)
    tone = 0.50 + 0.24 * noise(rng, size, 9, 4) + 0.9 * (y - bank - 0.08)
    tone -= 0.6 * smoothstep(0.035, 0.0, y - bank)
    slope = np.arctan(0.31 * np.cos(4.4 * x + 2.3)) + 0.5 * swirl
    colour, angle = over(colour, angle, y > bank, ramp(tone, MEADOW), slope)
    return tree(rng, x, y, colour, angle)


def over(
    colour: np.ndarray,
    angle: np.ndarray,
    here: np.ndarray,
    new_colour: np.ndarray,
    new_angle: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Paint `new_colour` and `new_angle` wherever `here`."""
    return np.where(here[..., None], new_colour, colour), np.where(here, new_angle, angle)


def tree(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, colour: np.ndarray, angle: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Plant a dark pine at the left edge: the picture needs one thing near the eye."""
    bend = 0.20 + 0.035 * np.sin(4 * y + 0.4)
    trunk = np.abs(x - bend) < 0.010 + 0.022 * smoothstep(0.35, 0.95, y)
    trunk &= (y > 0.22) & (y < 0.90)
    bark = ramp(0.5 + 0.5 * np.clip((x - bend) * 40, -1, 1), palette("1a1f4c", "5c3460", "d9682f"))
    colour, angle = over(colour, angle, trunk, bark, np.full_like(x, np.pi / 2))
    edge = 0.22 * noise(rng, x.shape[0], 14, 4)
    for cx, cy, wide, tall in [
        (0.17, 0.13, 0.17, 0.075),
        (0.30, 0.22, 0.15, 0.060),
        (0.07, 0.27, 0.12, 0.060),
        (0.23, 0.325, 0.11, 0.042),
    ]:
        reach = np.hypot((x - cx) / wide, (y - cy) / tall) + edge
        tone = 0.5 - 0.55 * (y - cy) / tall + 0.5 * (x - cx) / wide + 0.8 * edge
        leaves = ramp(tone, palette("121f4a", "17466a", "236f4c", "86a844", "efcb58"))
        curl = np.arctan2((y - cy) / tall, (x - cx) / wide) + np.pi / 2
        colour, angle = over(colour, angle, reach < 1, leaves, curl)
    return colour, angle


def choose(rng: np.random.Generator, target: np.ndarray, wild: float) -> np.ndarray:
    """One pure paint for every target (n, 3): nearest after a disturbance, some opposite."""
    disturbed = target + rng.normal(0, wild, target.shape)
    # A pure opposite beside a colour makes both glow; too many make mud.
    flip = rng.random(len(target)) < 0.08
    light = target[flip].mean(1, keepdims=True)
    disturbed[flip] = 2.2 * light - 1.2 * target[flip]
    weights = np.array([0.30, 0.59, 0.31]) ** 0.5
    distance = (((disturbed[:, None] - PAINTS) * weights) ** 2).sum(-1)
    return PAINTS[distance.argmin(1)]


def paint(size: int, seed: int = 1884) -> np.ndarray:
    """Paint the picture; returns it oversampled, (H, W, 3)."""
    rng = np.random.default_rng(seed)
    side = size * OVERSAMPLE
    colour, angle = compose(rng, side)
    # A warm ground shows between the dots and holds the colours together.
    weave = 0.03 * noise(rng, side, size / 6, 1)[..., None]
    picture = 0.45 * colour + 0.55 * palette("e8c79a")[0] + weave
    height = np.zeros((side, side), np.float32)
    for diameter, count, wild in LAYERS:
        place = rng.random((count, 2)) * side
        column, row = place.astype(int).T
        # Dots follow the form, as loosely as a hand does.
        lean = angle[row, column] + rng.normal(0, 0.25, count)
        paints = choose(rng, colour[row, column], wild)
        paints = np.clip(paints + rng.normal(0, 0.02, (count, 3)), 0, 1)
        radius = side * diameter / 2 * rng.uniform(0.6, 1.2, count)
        for args in zip(place, radius, lean, paints, rng.random(count), strict=True):
            dab(picture, height, *args)
    shade, shine = relief(blur(height, 1.0), 0.22, gloss=0.04)
    return picture * np.clip(shade, 0.6, 1.3)[..., None] + shine[..., None]


def dab(
    picture: np.ndarray,
    height: np.ndarray,
    place: np.ndarray,
    radius: float,
    lean: float,
    paint: np.ndarray,
    wobble: float,
) -> None:
    """Press one slightly long, slightly lopsided dot of paint onto the picture, in place."""
    reach = int(radius * 1.6) + 1
    left, top = max(0, int(place[0]) - reach), max(0, int(place[1]) - reach)
    window = np.s_[top : int(place[1]) + reach + 1, left : int(place[0]) + reach + 1]
    there = height[window]
    dy = np.arange(there.shape[0])[:, None] + top - place[1]
    dx = np.arange(there.shape[1])[None, :] + left - place[0]
    u = (dx * np.cos(lean) + dy * np.sin(lean)) / (1.2 * radius)
    v = (dy * np.cos(lean) - dx * np.sin(lean)) / (0.92 * radius)
    out = u * u + v * v + 0.3 * (wobble - 0.5) * u * v + 0.2 * (wobble - 0.5) * u
    inside = out < 1
    there[inside] = 0.35 * there[inside] + (1.2 + 0.8 * out[inside] ** 2) * radius**0.5
    picture[window][inside] = paint * (1.03 - 0.06 * v[inside, None])
