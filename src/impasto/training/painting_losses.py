"""What a painting is judged by while the painter learns.

A step paints S styles, N / S photos in each; the photos of a style follow one another. Losses are
numbers, or tensors with one number for each style or photo, of which the mean counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._pytree import tree_map

from impasto.networks.painter import Palette
from impasto.training.teacher import LAYERS, Seen, statistics

FLOOR = 1e-4
"""Least variance of a colour: flat pictures must not be stretched without bound."""

HUE_SCALE = 2.0
"""Weight of red less green, and of yellow less blue, against lightness: accents are small."""

DIRECTIONS = 12
SAMPLES = 8192
"""Directions and samples of the sliced Wasserstein distance of colours."""

QUANTILES = 4096
"""Of the local contrasts of a style that are kept."""

LARGE = 16
"""Side in pixels of the areas whose tone is kept."""

TONE_HUES = 0.1
"""See `tone_distance`."""

WINDOWS = (8, 32)
"""Sides in pixels of the windows whose contrast is compared, see `contrasts`."""


PERIODS = 32
"""Side in pixels of the windows whose spectrum is measured, and the longest period in it."""

FAINT = 0.1
"""Power in a window of a wave that nobody sees, with an amplitude of about 0.6/255."""

SHORT = 4
"""Least frequency, in waves in a window, at which a regular pattern counts as one."""

AROUND = (-3, -2, 2, 3)
"""Distances of the frequencies to which `peaks` compares a frequency."""


@dataclass(frozen=True)
class Weights:
    """How much each loss counts.

    Attributes:
        style: distance of Gram matrices and means, see `style_distance`.
        forms: the same at half the size.
        content: distance to the recoloured photo's features at relu3_3.
        alike: distance of self-similarities at relu4_3.
        palette: distance of the colours' distributions.
        contrast: distance of the distributions of local contrast.
        weave: excess of power at any frequency, see `excess`.
        lattice: regular patterns, see `lattice`.
        tone: distance of large areas to the recoloured photo.
        outside: values outside [0, 1].
        variation: total variation.
        identity: distance of pixels where the style is the photo itself.
    """

    style: float = 5.0
    forms: float = 2.5
    content: float = 3.5
    alike: float = 4.0
    palette: float = 20.0
    contrast: float = 15.0
    weave: float = 6.0
    lattice: float = 20.0
    tone: float = 3.0
    outside: float = 20.0
    variation: float = 0.3
    identity: float = 10.0


class Statistics(NamedTuple):
    """Gram matrices (N, C, C) and means (N, C) by layer."""

    gram: dict[str, Tensor]
    mean: dict[str, Tensor]


class Target(NamedTuple):
    """What S styles are to the losses.

    Attributes:
        fine, coarse: of their pictures, and of the pictures at half the size, where the teacher
            sees forms that are twice as large.
        palette: (S, 3) and (S, 3, 3).
        colours: (S, SAMPLES, 3), drawn from the pictures.
        contrasts: by window, (S, QUANTILES) each, see `contrasts`.
        spectrum: (S, PERIODS, PERIODS), see `spectra`.
        peaks: (S, PERIODS, PERIODS), see `peaks`.
    """

    fine: Statistics
    coarse: Statistics
    palette: Palette
    colours: Tensor
    contrasts: list[Tensor]
    spectrum: Tensor
    peaks: Tensor


def chosen(target: Target, numbers: Tensor) -> Target:
    """Choose styles of a target by their numbers."""
    return tree_map(lambda values: values[numbers], target)  # type: ignore[no-any-return]


def joined(targets: Sequence[Target]) -> Target:
    """Join the styles of several targets."""
    return tree_map(lambda *values: torch.cat(values), *targets)  # type: ignore[no-any-return]


def of_style(values: Tensor, styles: int) -> Tensor:
    """Separate the photos of each style: (N, ...) becomes (S, N / S, ...)."""
    return values.reshape(styles, -1, *values.shape[1:])


def relative(x: Tensor, y: Tensor, dims: tuple[int, ...] | int) -> Tensor:
    """|x - y| relative to both.

    After Cheng et al. 2021, "Style-Aware Normalized Loss", arXiv 2104.10064: without it one style
    can count a thousand times as much as another.
    """
    scale = (y.square().sum(dims) + x.detach().square().sum(dims)) / 2
    return (((x - y).square().sum(dims) + 1e-8) / (scale + 1e-8)).sqrt()


def style_distance(seen: Mapping[str, Seen], style: Statistics, pooled: float) -> Tensor:
    """Relative distance of Gram matrices, and of means at 0.3, averaged over layers, (S,).

    Args:
        seen: in the N paintings of a step.
        style: of the S styles, or of N photos that are their own styles.
        pooled: how much the distance of the statistics of all paintings in a style together counts,
            and not of each by itself. Together, a plain sky may stay plain where another photo has
            texture.
    """
    distances = []
    for layer in LAYERS:
        gram, mean = style.gram[layer][:, None], style.mean[layer][:, None]
        found = [of_style(x, len(gram)) for x in (seen[layer].gram, seen[layer].mean)]
        each = relative(found[0], gram, (2, 3)) + 0.3 * relative(found[1], mean, 2)
        distances.append((1 - pooled) * each.mean(1))
        if pooled:
            found = [x.mean(1, keepdim=True) for x in found]
            together = relative(found[0], gram, (2, 3)) + 0.3 * relative(found[1], mean, 2)
            distances.append(pooled * together[:, 0])
    return torch.stack(distances).sum(0) / len(LAYERS)


def content_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Half the mean squared difference of normalized features (N, C, H, W), (N,).

    Two unrelated pictures are at 1. Normalized, it leaves contrast to the style.
    """
    found, wanted = F.instance_norm(found.float()), F.instance_norm(wanted.float())
    return (found - wanted).square().mean((1, 2, 3)) / 2


def self_similarity_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Compare what is alike within the photo and within the painting; (N, C, H, W) both.

    Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity",
    arXiv 1904.12785, eq. 8.
    """
    apart = []
    for features in (found, wanted):
        directions = F.normalize(features.float().flatten(2), dim=1, eps=1e-6).mT
        distance = (1 - directions @ directions.mT).clamp_min(0)
        apart.append(distance / (distance.sum(1, keepdim=True) + 1e-6))
    return (apart[0] - apart[1]).abs().sum(1).mean()


def palette_distance(painted: Tensor, colours: Tensor) -> Tensor:
    """Sliced Wasserstein-2 distance of the colours of paintings (N, 3, H, W) and of styles.

    Bonneel et al. 2015, "Sliced and Radon Wasserstein Barycenters of Measures", along random
    directions in opponent colours. Squares give small accents of colour more weight.

    Args:
        colours: (S, SAMPLES, 3), of the styles.
    """
    pixels = of_style(F.avg_pool2d(painted, 2).permute(0, 2, 3, 1).flatten(1, 2), len(colours))
    pixels = pixels.flatten(1, 2)  # (S, pixels, 3)
    drawn = torch.randint(pixels.shape[1], (colours.shape[1],), device=painted.device)
    directions = F.normalize(torch.randn(3, DIRECTIONS, device=painted.device), dim=0)
    one, other = ((opponent(x) @ directions).mT.sort().values for x in (pixels[:, drawn], colours))
    return ((one - other).square().mean(2) + 1e-8).sqrt().mean()


def opponent(colours: Tensor) -> Tensor:
    """Convert RGB (..., 3) to lightness, red less green, and yellow less blue, at `HUE_SCALE`."""
    red, green, blue = colours.unbind(-1)
    lightness = colours.mean(-1)
    hues = HUE_SCALE * (red - green), HUE_SCALE * ((red + green) / 2 - blue)
    return torch.stack([lightness, *hues], -1)


def tone_distance(painted: Tensor, photo: Tensor) -> Tensor:
    """Mean absolute difference of large areas of two (N, 3, H, W): lightness, and hues a little.

    Colours count `TONE_HUES` as much. Lightness alone keeps the photo's depth. Hues that were held
    as firmly would stay the two main ones of the recoloured photo, and the style's accents would
    have no place.
    """
    one, other = (F.avg_pool2d(image, LARGE) for image in (painted, photo))
    return F.l1_loss(one.mean(1), other.mean(1)) + TONE_HUES * F.l1_loss(one, other)


def contrasts(image: Tensor, styles: int) -> list[Tensor]:
    """Sort the local contrasts of the pictures of each style, for each of `WINDOWS`.

    A contrast is the standard deviation of lightness within a window. How contrasts are distributed
    tells a picture of flat areas and sharp contours from one of even texture, where statistics of
    features may be alike.

    Args:
        image: (N, 3, H, W).
        styles: their number, S.

    Returns:
        (S, windows) each.
    """
    light = image.mean(1, keepdim=True)
    found = []
    for window in WINDOWS:
        mean, square = (F.avg_pool2d(x, window, window // 2) for x in (light, light.square()))
        deviation = ((square - mean.square()).clamp_min(0) + 1e-5).sqrt()
        found.append(of_style(deviation, styles).flatten(1).sort(1).values)
    return found


def contrast_distance(painted: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    """Wasserstein-1 distance of the local contrasts of paintings (N, 3, H, W) and of styles.

    Args:
        wanted: of the styles, see `contrasts`.
    """
    apart = []
    for found, style in zip(contrasts(painted, len(wanted[0])), wanted, strict=True):
        apart.append((found - quantiles(style, found.shape[1])).abs().mean())
    return torch.stack(apart).mean()


def quantiles(values: Tensor, count: int) -> Tensor:
    """Interpolate `count` quantiles, (S, count), of sorted values, (S, any number)."""
    return F.interpolate(values[:, None], count, mode="linear", align_corners=True)[:, 0]


def halved(image: Tensor) -> Tensor:
    """Reduce (N, 3, H, W) to half its size."""
    return F.avg_pool2d(image, 2)


def spectra(image: Tensor, styles: int) -> tuple[Tensor, Tensor]:
    """Compute the power of lightness by frequency, averaged over windows of a style's pictures.

    Args:
        image: (N, 3, H, W), sides at least `PERIODS`.
        styles: their number, S.

    Returns:
        (S, PERIODS, PERIODS) both: the mean power, and the mean of its logarithm, to which plain
        windows contribute as much as busy ones.
    """
    light = image.mean(1)
    windows = light.unfold(1, PERIODS, PERIODS // 2).unfold(2, PERIODS, PERIODS // 2)
    windows = windows - windows.mean((3, 4), keepdim=True)
    hann = torch.hann_window(PERIODS, device=image.device)
    waves = torch.fft.fft2(windows * hann[:, None] * hann)
    power = waves.real.square() + waves.imag.square()
    mean, logs = (of_style(x, styles).mean((1, 2, 3)) for x in (power, (power + FAINT).log()))
    return mean, logs


def peaks(logs: Tensor) -> Tensor:
    """Compute by how much each frequency exceeds those around it, in both directions.

    Strokes have much power at whole ranges of frequencies, upright and level edges at lines of
    them, patterns that repeat at single ones. Slanted edges count a little, in styles too.

    Args:
        logs: mean logarithms of power, see `spectra`.

    Returns:
        (S, PERIODS, PERIODS), 0 at long periods.
    """
    apart = [logs - torch.stack([logs.roll(k, dim) for k in AROUND]).mean(0) for dim in (1, 2)]
    waves = torch.fft.fftfreq(PERIODS, 1 / PERIODS, device=logs.device).abs()
    short = torch.maximum(waves[:, None], waves) >= SHORT
    return F.relu(torch.minimum(*apart)) * short


def excess(found: Tensor, wanted: Tensor) -> Tensor:
    """Average the excess of the logarithm of the paintings' spectrum over the styles'.

    A convolutional network makes fine texture of the cheapest kind, a regular weave. Gram matrices
    hardly tell it from brushwork; a spectrum shows it as a peak that the style does not have.

    Args:
        found: of the paintings, (S, PERIODS, PERIODS), see `spectra`.
        wanted: of the styles.
    """
    return F.relu((found + FAINT).log() - (wanted + FAINT).log()).mean()


def lattice(logs: Tensor, wanted: Tensor) -> Tensor:
    """Average the excess of the paintings' `peaks` over the styles'.

    `excess` misses a faint pattern in plain areas, since busy areas have more power.

    Args:
        logs: of the paintings, see `spectra`.
        wanted: the styles' peaks.
    """
    return F.relu(peaks(logs) - wanted).mean()


def painting_losses(
    painted: Tensor,
    photo: Tensor,
    seen: Mapping[str, Seen],
    features: Mapping[str, Tensor],
    coarse: Mapping[str, Seen],
    target: Target,
    pooled: float,
) -> dict[str, Tensor]:
    """Compute the losses of paintings in S styles, by their names in `Weights`, unweighted.

    Args:
        painted, photo: (N, 3, H, W), the photos in the styles' colours.
        seen: what the teacher sees in the paintings.
        features: what it sees in the photos.
        coarse: what it sees in the paintings at half the size.
        target: the styles.
        pooled: see `style_distance`.
    """
    power, logs = spectra(painted, len(target.spectrum))
    return {
        **common_losses(painted, photo, seen, features),
        "style": style_distance(seen, target.fine, pooled),
        "forms": style_distance(coarse, target.coarse, pooled),
        "palette": palette_distance(painted, target.colours),
        "contrast": contrast_distance(painted, target.contrasts),
        "weave": excess(power, target.spectrum),
        "lattice": lattice(logs, target.peaks),
    }


def identity_losses(
    painted: Tensor, photo: Tensor, seen: Mapping[str, Seen], features: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Compute the losses where the style of each photo is the photo itself."""
    own = {layer: statistics(f) for layer, f in features.items()}
    mean, gram = ({k: s[part] for k, s in own.items()} for part in (0, 1))
    return {
        **common_losses(painted, photo, seen, features),
        "style": style_distance(seen, Statistics(gram, mean), 0.0),
        "identity": F.l1_loss(painted, photo),
    }


def common_losses(
    painted: Tensor, photo: Tensor, seen: Mapping[str, Seen], features: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Compute the losses that compare paintings with photos; `content` is one for each photo."""
    across = (painted[..., 1:] - painted[..., :-1]).abs().mean()
    down = (painted[..., 1:, :] - painted[..., :-1, :]).abs().mean()
    relu3, relu4 = LAYERS[2:4]
    return {
        "content": content_distance(seen[relu3].features, features[relu3]),
        "alike": self_similarity_distance(seen[relu4].features, features[relu4]),
        "tone": tone_distance(painted, photo),
        "outside": (painted - painted.clamp(0, 1)).abs().mean(),
        "variation": across + down,
    }


def weighted(
    losses: Mapping[str, Tensor], weights: Weights, content: Tensor | float = 1.0
) -> Tensor:
    """Sum up what to minimize; `content` multiplies the content loss, of each photo or of all."""
    factors = {f.name: getattr(weights, f.name) for f in fields(weights)}
    scaled = {**losses, "content": content * losses["content"]}
    return torch.stack([factors[name] * loss.mean() for name, loss in scaled.items()]).sum()


def gaussian(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, 3) and covariance (N, 3, 3) of the colours of (N, 3, H, W)."""
    colours = image.flatten(2).double()
    mean = colours.mean(2, keepdim=True)
    centred = colours - mean
    floor = FLOOR * torch.eye(3, device=image.device, dtype=torch.double)
    return mean[..., 0], centred @ centred.mT / colours.shape[2] + floor


def roots(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the square roots of symmetric positive matrices (N, C, C), and their inverses.

    By the iteration of Newton and Schulz, which needs products only (Higham 2008, "Functions of
    Matrices", eq. 6.35).
    """
    scale = matrices.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
    one = torch.eye(matrices.shape[1], device=matrices.device, dtype=matrices.dtype)
    root, inverse = matrices / scale, one.expand_as(matrices)
    for _ in range(24):
        step = (3 * one - inverse @ root) / 2
        root, inverse = root @ step, step @ inverse
    return root * scale.sqrt(), inverse / scale.sqrt()


def palette_of(image: Tensor) -> Palette:
    """Compute the Gaussian of a picture's colours, (N, 3, H, W)."""
    mean, covariance = gaussian(image)
    return Palette(mean.float(), roots(covariance)[0].float())


def recoloured(photo: Tensor, palette: Palette) -> Tensor:
    """Give the photo (N, 3, H, W) a style's mean colour and colour covariance.

    By the optimal-transport map of `image.colour.optimal_transport_map`, clipped to [0, 1].
    """
    mean, covariance = gaussian(photo)
    root, inverse = roots(covariance)
    wanted = palette.root.double()
    middle, _ = roots(root @ wanted @ wanted @ root)
    matrix = inverse @ middle @ inverse
    centred = photo.flatten(2).double() - mean[..., None]
    moved = matrix @ centred + palette.mean.double()[..., None]
    return moved.float().reshape(photo.shape).clamp(0, 1)
