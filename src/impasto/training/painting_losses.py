"""What a painting is judged by while the painter learns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.painter import Palette
from impasto.training.teacher import LAYERS, Seen, statistics

FLOOR = 1e-4
"""Least variance of a colour: flat pictures must not be stretched without bound."""

OPPONENT = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [2.0, -2.0, 0.0], [1.0, 1.0, -2.0]])
"""Lightness, red less green, yellow less blue; the hues count double, as accents are small."""

DIRECTIONS = 12
SAMPLES = 8192
"""Of the sliced Wasserstein distance of colours."""

LARGE = 16
"""Side in pixels of the areas whose tone is kept."""

HUES = 0.1
"""See `tone_distance`."""

WINDOWS = (8, 32)
"""Sides in pixels of the windows whose contrast is compared, see `contrasts`."""


PERIODS = 32
"""Side in pixels of the windows whose spectrum is measured, and the longest period in it."""

FAINT = 0.1
"""Power in a window of a wave that nobody sees, with an amplitude of about 0.6/255."""


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
    tone: float = 3.0
    outside: float = 20.0
    variation: float = 0.3
    identity: float = 10.0


class Statistics(NamedTuple):
    """Gram matrices (N, C, C) and means (N, C) by layer."""

    gram: dict[str, Tensor]
    mean: dict[str, Tensor]


class Target(NamedTuple):
    """What a style is to the losses.

    Attributes:
        fine, coarse: of its picture, and of the picture at half the size, where the teacher sees
            forms that are twice as large.
        palette: (1, 3) and (1, 3, 3).
        colours: (pixels, 3), of the style.
        contrasts: of the style, by window, see `contrasts`.
        spectrum: of the style, see `spectrum`.
    """

    fine: Statistics
    coarse: Statistics
    palette: Palette
    colours: Tensor
    contrasts: list[Tensor]
    spectrum: Tensor


def relative(x: Tensor, y: Tensor, dims: tuple[int, ...] | int) -> Tensor:
    """|x - y| relative to both.

    After Cheng et al. 2021, "Style-Aware Normalized Loss", arXiv 2104.10064: without it one style
    can count a thousand times as much as another.
    """
    scale = (y.square().sum(dims) + x.detach().square().sum(dims)) / 2
    return (((x - y).square().sum(dims) + 1e-8) / (scale + 1e-8)).sqrt()


def style_distance(
    seen: Mapping[str, Seen],
    style: Statistics,
    pooled: float,
) -> Tensor:
    """Relative distance of Gram matrices, and of means at 0.3, averaged over layers.

    Args:
        seen: in the paintings of a step.
        style: of the style, or of each photo's own style.
        pooled: how much the distance of the statistics of all paintings together counts, and not
            of each by itself. Together, a plain sky may stay plain where another photo has
            texture.
    """
    total = torch.zeros(())
    for layer in LAYERS:
        found, g, m = seen[layer], style.gram[layer], style.mean[layer]
        each = relative(found.gram, g, (1, 2)) + 0.3 * relative(found.mean, m, 1)
        total = total.to(each) + (1 - pooled) * each.mean()
        if pooled:
            g_all, m_all = found.gram.mean(0, keepdim=True), found.mean.mean(0, keepdim=True)
            together = relative(g_all, g, (1, 2)) + 0.3 * relative(m_all, m, 1)
            total = total + pooled * together.mean()
    return total / len(LAYERS)


def content_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Half the mean squared difference of normalized features (N, C, H, W).

    Two unrelated pictures are at 1. Normalized, it leaves contrast to the style.
    """
    found, wanted = F.instance_norm(found.float()), F.instance_norm(wanted.float())
    return F.mse_loss(found, wanted) / 2


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
    """Sliced Wasserstein-2 distance of the colours of paintings (N, 3, H, W) and of a style.

    Bonneel et al. 2015, "Sliced and Radon Wasserstein Barycenters of Measures", along random
    directions in opponent colours. Squares give small accents of colour more weight.
    """
    found = F.avg_pool2d(painted, 2).permute(0, 2, 3, 1).reshape(-1, 3)
    directions = OPPONENT.to(found).T @ F.normalize(
        torch.randn(3, DIRECTIONS, device=found.device), dim=0
    )
    drawn = [x[torch.randint(len(x), (SAMPLES,), device=x.device)] for x in (found, colours)]
    one, other = ((x @ directions).sort(0).values for x in drawn)
    return ((one - other).square().mean(0) + 1e-8).sqrt().mean()


def tone_distance(painted: Tensor, photo: Tensor) -> Tensor:
    """Mean absolute difference of large areas of two (N, 3, H, W): lightness, and colour at `HUES`.

    Lightness alone keeps the photo's depth. Hues that were held as firmly would stay the two main
    ones of the recoloured photo, and the style's accents would have no place.
    """
    one, other = (F.avg_pool2d(image, LARGE) for image in (painted, photo))
    return F.l1_loss(one.mean(1), other.mean(1)) + HUES * F.l1_loss(one, other)


def contrasts(image: Tensor) -> list[Tensor]:
    """Sort the local contrasts of all pictures (N, 3, H, W) together, for each of `WINDOWS`.

    A contrast is the standard deviation of lightness within a window. How contrasts are distributed
    tells a picture of flat areas and sharp contours from one of even texture, where statistics of
    features may be alike.
    """
    light = image.mean(1, keepdim=True)
    found = []
    for window in WINDOWS:
        mean, square = (F.avg_pool2d(x, window, window // 2) for x in (light, light.square()))
        found.append(((square - mean.square()).clamp_min(0) + 1e-5).sqrt().flatten().sort().values)
    return found


def contrast_distance(painted: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    """Wasserstein-1 distance of the local contrasts of paintings (N, 3, H, W) and of a style.

    Args:
        wanted: of the style, see `contrasts`.
    """
    apart = []
    for found, style in zip(contrasts(painted), wanted, strict=True):
        size = found.numel()
        stretched = F.interpolate(style[None, None], size, mode="linear", align_corners=True)
        apart.append((found - stretched[0, 0]).abs().mean())
    return torch.stack(apart).mean()


def halved(image: Tensor) -> Tensor:
    """Reduce (N, 3, H, W) to half its size."""
    return F.avg_pool2d(image, 2)


def spectrum(image: Tensor) -> Tensor:
    """Compute the power of lightness by frequency, averaged over windows of all pictures.

    Args:
        image: (N, 3, H, W), sides at least `PERIODS`.

    Returns:
        (PERIODS, PERIODS / 2 + 1).
    """
    light = image.mean(1)
    windows = light.unfold(1, PERIODS, PERIODS // 2).unfold(2, PERIODS, PERIODS // 2)
    windows = windows - windows.mean((3, 4), keepdim=True)
    hann = torch.hann_window(PERIODS, device=image.device)
    waves = torch.fft.rfft2(windows * hann[:, None] * hann)
    power: Tensor = (waves.real.square() + waves.imag.square()).mean((0, 1, 2))
    return power


def excess(painted: Tensor, wanted: Tensor) -> Tensor:
    """Average the excess of the logarithm of a painting's spectrum over the style's.

    A convolutional network makes fine texture of the cheapest kind, a regular weave. Gram matrices
    hardly tell it from brushwork; a spectrum shows it as a peak that the style does not have.

    Args:
        painted: (N, 3, H, W).
        wanted: the style's spectrum.
    """
    found = spectrum(painted)
    return F.relu((found + FAINT).log() - (wanted + FAINT).log()).mean()


def painting_losses(
    painted: Tensor,
    photo: Tensor,
    seen: Mapping[str, Seen],
    coarse: Mapping[str, Seen],
    features: Mapping[str, Tensor],
    target: Target | None,
    pooled: float,
) -> dict[str, Tensor]:
    """Compute the losses of paintings in one style, by their names in `Weights`, unweighted.

    Args:
        painted, photo: (N, 3, H, W), the photo in the style's colours.
        seen, coarse: what the teacher sees in the paintings, and in them at half the size.
        features: what it sees in the photos.
        target: the style; None where the style of each photo is the photo itself.
        pooled: see `style_distance`.
    """
    if target is None:
        own = {layer: statistics(f) for layer, f in features.items()}
        mean, gram = ({k: s[part] for k, s in own.items()} for part in (0, 1))
        style = style_distance(seen, Statistics(gram, mean), 0.0)
        special = {"identity": F.l1_loss(painted, photo)}
    else:
        style = style_distance(seen, target.fine, pooled)
        special = {
            "forms": style_distance(coarse, target.coarse, pooled),
            "palette": palette_distance(painted, target.colours),
            "contrast": contrast_distance(painted, target.contrasts),
            "weave": excess(painted, target.spectrum),
        }
    across = (painted[..., 1:] - painted[..., :-1]).abs().mean()
    down = (painted[..., 1:, :] - painted[..., :-1, :]).abs().mean()
    relu3, relu4 = LAYERS[2:4]
    return special | {
        "style": style,
        "content": content_distance(seen[relu3].features, features[relu3]),
        "alike": self_similarity_distance(seen[relu4].features, features[relu4]),
        "tone": tone_distance(painted, photo),
        "outside": (painted - painted.clamp(0, 1)).abs().mean(),
        "variation": across + down,
    }


def weighted(losses: Mapping[str, Tensor], weights: Weights, content: float) -> Tensor:
    """Sum up what to minimize; `content` multiplies the weight of the content loss."""
    factors = {f.name: getattr(weights, f.name) for f in fields(weights)}
    factors["content"] *= content
    return torch.stack([factors[name] * loss for name, loss in losses.items()]).sum()


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
