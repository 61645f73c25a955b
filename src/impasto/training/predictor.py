"""Training the predictor: vectors of any picture, for a painter that learns nothing more."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as stored
from torch import Tensor

from impasto.networks import encoders
from impasto.networks.painter import Painter, Palette
from impasto.networks.predictor import Predictor
from impasto.system.files import write_file
from impasto.training.images import ImageFolder, prefetch, to_tensor
from impasto.training.loop import CALIBRATION, Schedule, TrainingRun
from impasto.training.painter import (
    WEIGHTS_FILE,
    ZOOM,
    PainterTraining,
    Recent,
    load_teacher,
    part,
    picture_of,
    read_styles,
    step_losses,
    target_of,
)
from impasto.training.painting_losses import weighted
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
        painter: the training of the painter, which is finished; photos, styles, teacher, size,
            batch, device, precision and weights of losses are the same.
        artworks: folders of pictures to take styles from.
        out: folder of the checkpoint and the log.
    """

    painter: PainterTraining
    artworks: Sequence[Path]
    out: Path
    schedule: Schedule


def train_predictor(training: PredictorTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train the predictor, or go on training it, and add it to the weights of its painter.

    Returns:
        The file `painter.safetensors` of the painter's training.
    """
    torch.manual_seed(training.schedule.seed)
    given = training.painter
    file = given.out / WEIGHTS_FILE
    weights = load_file(file)
    painter = Painter()
    painter.load_state_dict(part(weights, "painter."))
    painter.to(given.device).requires_grad_(False).eval()
    teacher = load_teacher(given.teacher, given.precision).to(given.device)
    photos, artworks = (
        [ImageFolder(folder) for folder in folders] for folders in (given.photos, training.artworks)
    )

    def batch(step: int) -> Batch:
        rng = np.random.default_rng((training.schedule.seed, step))
        crops = [
            photos[k % len(photos)].crop(rng, given.size, zoom=ZOOM) for k in range(given.batch)
        ]
        artwork = artworks[step % len(artworks)].crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM)
        return Batch(to_tensor(crops), to_tensor([varied(artwork, rng)]))

    entries = read_styles(given.styles, given.table)
    predictor = calibrated(
        torch.stack([weights[f"vectors.{entry.name}"] for entry in entries]),
        (picture_of(entry) for entry in entries),
        (batch(CALIBRATION + k).artwork for k in range(CALIBRATED)),
    ).to(given.device)
    run = TrainingRun(predictor, training.out, training.schedule)
    recent = Recent()
    with closing(run.steps()) as steps:
        for step, (photo, artwork) in prefetch(batch, steps):
            torch.manual_seed(training.schedule.seed + step)
            losses, correction = _step(predictor, painter, teacher, photo, artwork, given)
            total = weighted(losses, given.weights, 1.0)
            run.update(total + CORRECTION * correction.square().mean())
            recent.add("any picture", losses)
            if run.step % given.preview_every == 0 or run.step == training.schedule.steps:
                run.log(recent.means())
                report({"step": run.step, "steps": training.schedule.steps, **recent.means()})
    kept = {k: v for k, v in weights.items() if not k.startswith("predictor.")}
    added = {f"predictor.{k}": v.contiguous() for k, v in run.average.items()}
    write_file(file, stored(kept | added), overwrite=True)
    return file


def _step(
    predictor: Predictor,
    painter: Painter,
    teacher: Teacher,
    photo: Tensor,
    artwork: Tensor,
    given: PainterTraining,
) -> tuple[dict[str, Tensor], Tensor]:
    """Compute the losses of photos in the style of an artwork, and the vector's correction."""
    artwork = artwork.to(given.device)
    mixture, correction = predictor.predict(predictor.statistics(artwork))

    def paint(photo: Tensor, palette: Palette) -> Tensor:
        painted: Tensor = painter(photo, mixture + correction, palette)
        return painted

    style = target_of(artwork, teacher)
    losses = step_losses(paint, teacher, photo.to(given.device), style, given.precision)
    return losses, correction


@torch.no_grad()
def calibrated(known: Tensor, pictures: Iterable[Tensor], artworks: Iterable[Tensor]) -> Predictor:
    """Make a predictor that chooses the known style with the nearest statistics.

    Args:
        known: (K, VECTOR).
        pictures: of these styles, (1, 3, H, W) each.
        artworks: many, (1, 3, H, W) each, to measure what statistics are usual.
    """
    predictor = Predictor(known)
    predictor.compact.load_state_dict(encoders.load("compact").state_dict())
    usual = torch.cat([predictor.statistics(artwork) for artwork in artworks])
    predictor.calibrate(usual, torch.cat([predictor.statistics(picture) for picture in pictures]))
    return predictor
