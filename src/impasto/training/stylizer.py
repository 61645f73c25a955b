"""Trains the stylizer: pairs of photos and paintings, judged by a frozen encoder."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save as stored
from torch import Tensor, nn

from impasto.networks import encoders
from impasto.networks.blocks import Modulated
from impasto.networks.encoder import Encoder
from impasto.networks.stylizer import (
    EIGHTH,
    LAYERS,
    QUARTER,
    STRIDE,
    Features,
    Stylizer,
    embedding_of,
    with_margin,
)
from impasto.perceptual.statistics import Statistics, eigh, gram
from impasto.system.files import write_file
from impasto.training.export import reopen
from impasto.training.images import ImageFolder, prefetch, to_tensor
from impasto.training.loop import CALIBRATION, Schedule, TrainingRun
from impasto.training.variety import varied

WEIGHTS_FILE = "stylizer.safetensors"

FIRST_PART = 0.6
"""Part of the training in which the decoder paints from what the compact encoder sees, which the
encoder learns to see meanwhile. After it the decoder paints from what the encoder sees, both
learn together, and crops are larger by half, and half as many."""


@dataclass(frozen=True)
class Weights:
    """What counts how much; found on small runs, by `impasto evaluate` and by looking.

    Attributes:
        content: distance to the photo's deep features, normalised.
        moments: distance between means and deviations, of all layers.
        covariance: distance between covariances, of all layers.
        gram: distance between Gram matrices, of all layers.
        identity: distance to the photo where the style is the photo itself.
        outside: pixels outside [0, 1].
        encoder: distance of the encoder's features to those of the compact encoder, while the
            decoder paints from the latter.
    """

    content: float = 3.0
    moments: float = 1.0
    covariance: float = 0.7
    gram: float = 10.0
    identity: float = 3.0
    outside: float = 2.0
    encoder: float = 0.25


@dataclass(frozen=True)
class StylizerTraining:
    """What is trained on what.

    Attributes:
        photos, paintings: folders of images.
        compact: weights of a compact encoder; None takes the one that ships with impasto.
        start: an exported stylizer.onnx to go on from, in the manner of the second part of a
            training, but with its encoder as it is; None starts from random weights.
        out: folder of the checkpoint, the log, the previews and the weights.
        size: side of the crops in pixels.
        batch: pairs a step; a quarter of them have the photo itself as the style.
        precision: what the networks compute in; statistics and losses are always float32.
        preview_every: steps between preview sheets.
    """

    photos: Sequence[Path]
    paintings: Sequence[Path]
    compact: Path | None
    start: Path | None
    out: Path
    schedule: Schedule
    size: int = 144
    batch: int = 8
    device: str = "cpu"
    precision: torch.dtype = torch.float32
    preview_every: int = 250
    weights: Weights = Weights()


class Pairs(NamedTuple):
    """Photos and the styles they are to get, (N, 3, size, size) in [0, 1] each."""

    photo: Tensor
    style: Tensor


def train(training: StylizerTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train, or go on training, and write the averaged weights.

    Returns:
        The file `stylizer.safetensors` in `training.out`.
    """
    torch.manual_seed(training.schedule.seed)
    photos = [ImageFolder(folder) for folder in training.photos]
    paintings = [ImageFolder(folder) for folder in training.paintings]

    shown = shown_in_previews(training)
    first = 0 if training.start else round(FIRST_PART * training.schedule.steps)

    def batch(step: int) -> Pairs:
        rng = np.random.default_rng((training.schedule.seed, step))
        if step < first or step == CALIBRATION:
            side = training.size // STRIDE * STRIDE
            return pairs(photos, paintings, rng, training.batch, side)
        larger = training.size * 3 // 2 // STRIDE * STRIDE
        return pairs(photos, paintings, rng, max(2, training.batch // 2), larger)

    model = untrained(training.compact)
    if training.start is not None:
        model.load_state_dict(reopen(training.start), strict=False)
        model.decoder.standardise.settle()
        # It has learned to see: what it would learn now is mostly noise, for the decoder too.
        model.encoder.requires_grad_(False)
    model.to(training.device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    scales = unit_scales(model.compact, batch(CALIBRATION).photo.to(training.device))
    run = TrainingRun(model, training.out, training.schedule)
    recent: dict[str, float] = {}
    with closing(run.steps()) as steps:
        for step, (photo, style) in prefetch(batch, steps):
            parts = losses(
                model,
                scales,
                photo.to(training.device),
                style.to(training.device),
                imitating=step >= first,
                precision=training.precision,
            )
            named = {k: getattr(training.weights, k) * v for k, v in parts.items()}
            run.update(torch.stack(list(named.values())).sum())
            found = {name: float(value.detach()) for name, value in named.items()}
            before = found | recent
            recent = {name: 0.98 * before[name] + 0.02 * v for name, v in found.items()}
            if run.step % training.preview_every == 0 or run.step == training.schedule.steps:
                figures = {k: round(v, 4) for k, v in recent.items()}
                run.log(figures)
                report({"step": run.step, "steps": training.schedule.steps, **figures})
                preview(averaged(run), shown).save(training.out / f"preview-{run.step:06}.jpg")
                save(run, training.out / WEIGHTS_FILE)
    return save(run, training.out / WEIGHTS_FILE)


def untrained(weights: Path | None) -> Stylizer:
    """Make a stylizer that has learned nothing but what the compact encoder knows."""
    stylizer = Stylizer()
    for module in (*stylizer.encoder.modules(), *stylizer.decoder.modules()):
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in stylizer.modules():
        if isinstance(module, Modulated):
            nn.init.normal_(module.second.weight, std=0.01)  # starts as the identity
    stylizer.compact.load_state_dict(encoders.load("compact", weights=weights).state_dict())
    return stylizer


@torch.no_grad()
def unit_scales(encoder: Encoder, image: Tensor) -> dict[str, Tensor]:
    """Compute the factors that give the features of `LAYERS` unit variance on these images."""
    features = encoder(image, LAYERS)
    return {layer: f.var(dim=(0, 2, 3)).mean().rsqrt() for layer, f in features.items()}


def losses(
    model: Stylizer,
    scales: Mapping[str, Tensor],
    photo: Tensor,
    style: Tensor,
    *,
    imitating: bool,
    precision: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    """Compute the unweighted losses of a batch, by their names in `Weights`.

    There is "encoder" only while the decoder paints from what the compact encoder sees.

    The first quarter of the batch are identity pairs: there the style is the photo.

    Content: mean squared difference of the normalised relu4_1 of painting and photo, over 2, which
    is what two unrelated pictures differ by. Normalised, it leaves palette and contrast to the
    style. Style: moments after Huang and Belongie 2017 (eq. 13), covariances, which see what
    means and deviations cannot (which features go together), and Gram matrices (Gatys, Ecker,
    Bethge 2015, eq. 4), which see where the two are out of step; each relative to the target.

    Args:
        scales: see `unit_scales`.
        imitating: paint from what the encoder sees; else from what it is to see.
        precision: what the networks compute in.
    """
    networks = torch.autocast(photo.device.type, precision, enabled=precision != torch.float32)
    same = max(1, len(photo) // 4)
    style = torch.cat([photo[:same], style[same:]])
    with torch.no_grad():
        recoloured = with_margin(recolour(photo, style))
        with networks:
            of_style = model.compact(style, LAYERS)
            of_photo = model.compact(photo, (EIGHTH,))
        embedding = embedding_of({k: f.float() for k, f in of_style.items()})
        wanted = _statistics(_scaled(of_style, scales))
        content = F.instance_norm(_scaled(of_photo, scales)[EIGHTH])
    with networks:
        features = Features(*(f.float() for f in model.encoder(recoloured)))
        parts = {}
        if not imitating:
            with torch.no_grad():
                seen = model.compact(recoloured, (QUARTER, EIGHTH))
            imitated = Features(features.half, seen[QUARTER].float(), seen[EIGHTH].float())
            parts["encoder"] = (
                F.mse_loss(features.quarter, imitated.quarter) * scales[QUARTER] ** 2
                + F.mse_loss(features.eighth, imitated.eighth) * scales[EIGHTH] ** 2
            )
            features = imitated
        painted = model.paint(recoloured, features, embedding).float()
        found = _scaled(model.compact(painted, LAYERS), scales)
    of_painted = _statistics(found)
    for name, distance in STYLE_DISTANCES.items():
        parts[name] = torch.stack([distance(of_painted[k], wanted[k]) for k in LAYERS]).mean()
    return parts | {
        "content": F.mse_loss(F.instance_norm(found[EIGHTH]), content) / 2,
        "identity": F.l1_loss(painted[:same], photo[:same]),
        "outside": (painted - painted.clamp(0, 1)).abs().mean() * 10,
    }


def statistics(features: Tensor) -> Statistics:
    """Compute the statistics of each picture of a batch, at one layer, from (N, C, H, W)."""
    return Statistics(features.mean((2, 3)), gram(features))


def moments_distance(found: Statistics, wanted: Statistics) -> Tensor:
    """Distance of means and deviations, averaged over a batch:

    sqrt((|m - m_s|^2 + |d - d_s|^2) / (|m_s|^2 + |d_s|^2)), norms over channels. The root keeps
    pulling when the distance is small, where the square of Huang and Belongie rests.
    """
    deviation, deviation_s = _deviation(found), _deviation(wanted)
    error = (found.mean - wanted.mean).square() + (deviation - deviation_s).square()
    energy = wanted.mean.square() + deviation_s.square()
    return (error.sum(1) / energy.sum(1) + 1e-8).sqrt().mean()


def covariance_distance(found: Statistics, wanted: Statistics) -> Tensor:
    """|S - S_s| / |S_s| (Frobenius), averaged over a batch."""
    return _relative(found.covariance, wanted.covariance)


def gram_distance(found: Statistics, wanted: Statistics) -> Tensor:
    """|G - G_s| / |G_s| (Frobenius), averaged over a batch."""
    return _relative(found.gram, wanted.gram)


STYLE_DISTANCES = {
    "moments": moments_distance,
    "covariance": covariance_distance,
    "gram": gram_distance,
}


def recolour(photo: Tensor, style: Tensor) -> Tensor:
    """Give the photo the style's mean colour and colour covariance, (N, 3, H, W).

    x -> A (x - m) + m_s, with A the optimal-transport map between the two colour Gaussians:
    A = S^-1/2 (S^1/2 S_s S^1/2)^1/2 S^-1/2. It settles colour before the network has to.
    """
    floor = 1e-4 * torch.eye(3, device=photo.device)
    covariance = statistics(photo).covariance + floor
    covariance_s = statistics(style).covariance + floor
    root, inverse = _roots(covariance)
    middle, _ = _roots(root @ covariance_s @ root)
    transport = inverse @ middle @ inverse
    centred = (photo - photo.mean((2, 3), keepdim=True)).flatten(2)
    moved = (transport @ centred).reshape(photo.shape) + style.mean((2, 3), keepdim=True)
    return moved.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def pairs(
    photos: Sequence[ImageFolder],
    paintings: Sequence[ImageFolder],
    rng: np.random.Generator,
    count: int,
    size: int,
) -> Pairs:
    """Make a batch of random crops, those of paintings varied."""
    content = [photos[k % len(photos)].crop(rng, size, zoom=2.0) for k in range(count)]
    crops = [paintings[k % len(paintings)].crop(rng, size, zoom=2.5) for k in range(count)]
    style = [varied(crop, rng) for crop in crops]
    return Pairs(to_tensor(content), to_tensor(style))


def averaged(run: TrainingRun) -> Stylizer:
    """Load the moving average of the weights, ready to paint."""
    stylizer = Stylizer()
    stylizer.load_state_dict(run.average)
    return stylizer.eval()


def save(run: TrainingRun, file: Path) -> Path:
    """Write the averaged weights of the stylizer as float32 safetensors."""
    write_file(file, stored({k: v.contiguous() for k, v in run.average.items()}), overwrite=True)
    return file


def shown_in_previews(training: StylizerTraining, side: int = 256) -> Pairs:
    """Choose four photos and six styles that are held out from training.

    Raises:
        InputError: there are none; each folder needs some to be measured with.
    """
    photos, paintings = (
        [ImageFolder(folder, held_out=True) for folder in folders]
        for folders in (training.photos, training.paintings)
    )
    rng = np.random.default_rng(7)
    rows = to_tensor([photos[0].crop(rng, side, zoom=1.0) for _ in range(4)])
    columns = to_tensor([paintings[0].crop(rng, side, zoom=1.0) for _ in range(6)])
    return Pairs(rows, columns)


@torch.no_grad()
def preview(stylizer: Stylizer, shown: Pairs) -> Image.Image:
    """Paint a sheet of photos (rows) in styles (columns), styles on top."""
    columns, side = shown.style, shown.style.shape[2]
    sheet = torch.ones(3, (1 + len(shown.photo)) * side, (1 + len(columns)) * side)
    sheet[:, :side, side:] = torch.cat(list(columns), 2)
    for k, photo in enumerate(shown.photo):
        same = photo[None].expand(len(columns), -1, -1, -1)
        painted = stylizer(recolour(same, columns), stylizer.embed(columns)).clamp(0, 1)
        sheet[:, (k + 1) * side : (k + 2) * side] = torch.cat([photo, *painted], 2)
    return Image.fromarray((sheet.permute(1, 2, 0) * 255).round().byte().numpy())


def _scaled(features: Mapping[str, Tensor], scales: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {layer: f.float() * scales[layer] for layer, f in features.items()}


def _statistics(features: Mapping[str, Tensor]) -> dict[str, Statistics]:
    return {layer: statistics(f) for layer, f in features.items()}


def _deviation(of: Statistics) -> Tensor:
    return (of.covariance.diagonal(dim1=1, dim2=2).clamp_min(0) + 1e-5).sqrt()


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    error, energy = (found - wanted).square().sum((1, 2)), wanted.square().sum((1, 2))
    return ((error + 1e-8) / (energy + 1e-8)).sqrt().mean()


def _roots(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the square root of symmetric matrices, and its inverse."""
    values, vectors = eigh(matrix)
    roots = values.clamp_min(1e-8).sqrt()[:, None]
    return (vectors * roots) @ vectors.mT, (vectors / roots) @ vectors.mT
