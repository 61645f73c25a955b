"""Training the predictor: vectors of any picture, for a painter that learns nothing more."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from impasto.networks import encoders
from impasto.networks.painter import Painter, Palette
from impasto.networks.predictor import Predictor
from impasto.training.images import ImageFolder, prefetch, to_tensor
from impasto.training.loop import CALIBRATION, Schedule, TrainingRun
from impasto.training.painter import ZOOM, Recent, step_losses, target_of
from impasto.training.painting_losses import Weights, weighted
from impasto.training.teacher import Teacher
from impasto.training.variety import varied

ARTWORK_SIDE = 256
"""Side in pixels of the crops of artworks whose styles are predicted."""

ARTWORK_ZOOM = 1.25
"""Largest factor by which such a crop is scaled down."""

CORRECTION = 0.5
"""Weight of the mean square of the correction: without need the mixture of known vectors stays."""


CALIBRATED = 128
"""Artworks whose statistics are measured before the first step."""


class Batch(NamedTuple):
    """Photos (N, 3, H, W) and an artwork (1, 3, H, W)."""

    photo: Tensor
    artwork: Tensor


@dataclass(frozen=True)
class PredictorTraining:
    """What the predictor is trained on.

    Attributes:
        painter: trained; it learns nothing more.
        known: (K, VECTOR), the vectors to mix.
        pictures: of these K styles, (1, 3, H, W) each.
        teacher: VGG-16.
        photos, artworks: to paint, and to take styles from.
        out: folder of the checkpoint and the log.
        size: side of the crops of photos in pixels.
        batch: photos in a step, all in the style of one artwork.
    """

    painter: Painter
    known: Tensor
    pictures: Sequence[Tensor]
    teacher: Teacher
    photos: Sequence[ImageFolder]
    artworks: Sequence[ImageFolder]
    out: Path
    schedule: Schedule
    size: int
    batch: int
    device: str
    precision: torch.dtype
    weights: Weights
    report_every: int


def train_predictor(
    training: PredictorTraining, report: Callable[[dict[str, Any]], None]
) -> dict[str, Tensor]:
    """Train the predictor, or go on training it.

    Returns:
        Its averaged weights, by their names.
    """
    torch.manual_seed(training.schedule.seed)
    painter = training.painter.to(training.device).requires_grad_(False).eval()
    predictor = calibrated(training).to(training.device)
    run = TrainingRun(predictor, training.out, training.schedule)
    recent = Recent()
    with closing(run.steps()) as steps:
        for step, batch in prefetch(partial(_batch, training), steps):
            torch.manual_seed(training.schedule.seed + step)
            artwork = batch.artwork.to(training.device)
            mixture, correction = predictor.predict(predictor.statistics(artwork))

            def paint(photo: Tensor, _: str, palette: Palette, v: Tensor = mixture + correction):  # type: ignore[no-untyped-def]
                return painter(photo, v, palette)

            losses = step_losses(
                paint,
                training.teacher,
                batch.photo.to(training.device),
                "",
                target_of(artwork, training.teacher),
                training.precision,
            )
            total = weighted(losses, training.weights, 1.0)
            run.update(total + CORRECTION * correction.square().mean())
            recent.add("any", losses)
            if run.step % training.report_every == 0 or run.step == training.schedule.steps:
                run.log(recent.means())
                report({"step": run.step, "steps": training.schedule.steps, **recent.means()})
    return run.average


@torch.no_grad()
def calibrated(training: PredictorTraining) -> Predictor:
    """A predictor that chooses the known style with the nearest statistics."""
    predictor = Predictor(training.known)
    predictor.compact.load_state_dict(encoders.load("compact").state_dict())
    crops = (_batch(training, CALIBRATION + k).artwork for k in range(CALIBRATED))
    pictures = torch.cat([predictor.statistics(crop) for crop in crops])
    known = torch.cat([predictor.statistics(picture) for picture in training.pictures])
    predictor.calibrate(pictures, known)
    return predictor


def _batch(training: PredictorTraining, step: int) -> Batch:
    rng = np.random.default_rng((training.schedule.seed, step))
    photos, artworks = training.photos, training.artworks
    crops = [
        photos[k % len(photos)].crop(rng, training.size, zoom=ZOOM) for k in range(training.batch)
    ]
    artwork = artworks[step % len(artworks)].crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM)
    return Batch(to_tensor(crops), to_tensor([varied(artwork, rng)]))
