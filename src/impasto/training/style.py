"""Train the vector of one more style; the painter does not change."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from impasto.errors import SettingError
from impasto.networks.painter import Painter, Palette
from impasto.training.images import PHOTO_ZOOM, Images, prefetch, to_tensor
from impasto.training.painting_losses import (
    Target,
    Weights,
    recoloured,
    weighted,
)
from impasto.training.steps import Paintings, losses_of, paint
from impasto.training.targets import STYLE_SIDE, StyleEntry, target
from impasto.training.teacher import Teacher

RATE = 0.02
"""Adam's initial learning rate for the vector; it falls along a cosine to zero."""

TRIED_SIDE = 128
"""Side in pixels of the photos on which the known vectors are compared."""


@dataclass(frozen=True)
class StyleTraining:
    """The settings of the training of a style vector.

    Attributes:
        picture: of the style, RGB.
        photos: to paint.
        painter: a trained painter, which does not change.
        teacher: VGG-16.
        known: vectors of known styles; the training starts from the best of them.
        seconds: how long to train.
        content: multiplies the weight of the content loss.
        side: long side in pixels at which the picture is measured.
        size: side of the crops of photos in pixels, a multiple of 16.
        batch: number of photos in a step.
        device: that PyTorch computes on.
        precision: of the networks.
        seed: of the crops.
        weights: of the losses.

    Raises:
        SettingError: the time is not a positive number.
    """

    picture: Image.Image
    photos: Images
    painter: Painter
    teacher: Teacher
    known: Sequence[NDArray[np.float32]]
    seconds: float
    content: float = 1.0
    side: int = STYLE_SIDE
    size: int = 224
    batch: int = 3
    device: str = "cpu"
    precision: torch.dtype = torch.float32
    seed: int = 0
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise SettingError(f"seconds is {self.seconds}; it must be a number above 0")


class StyleStep(NamedTuple):
    """The state of the training of a style.

    Attributes:
        step: 0 before the first update.
        progress: the fraction of the time that has passed, from 0 to 1.
        losses: unweighted, by their names in `Weights`; averages of recent steps.
        vector: (VECTOR,) float32, an average of recent steps.
    """

    step: int
    progress: float
    losses: Mapping[str, float]
    vector: NDArray[np.float32]


def train_style(training: StyleTraining) -> Iterator[StyleStep]:
    """Learn the vector of a style; yield the state before the first step and after every step.

    You may stop at any step and keep the latest vector.
    """
    torch.manual_seed(training.seed)
    style = target(
        StyleEntry("", training.picture, training.content, training.side),
        training.teacher,
        training.device,
    )
    painter = training.painter.to(training.device).requires_grad_(False).eval()
    average = _best_known(training, style)
    vector = average.clone().requires_grad_()
    optimizer = torch.optim.Adam([vector], betas=(0.9, 0.99))
    recent: dict[str, float] = {}
    yield StyleStep(0, 0.0, {}, average.cpu().numpy().copy())

    def paint_in_style(photo: Tensor, palette: Palette) -> Tensor:
        painted: Tensor = painter(photo, vector[None], palette)
        return painted

    def batch(step: int) -> Tensor:
        rng = np.random.default_rng((training.seed, step))
        crops = [
            training.photos.crop(rng, training.size, zoom=PHOTO_ZOOM) for _ in range(training.batch)
        ]
        return to_tensor(crops)

    began, progress, step = time.monotonic(), 0.0, 0
    steps = iter(lambda: step if progress < 1 else None, None)
    for _, photo in prefetch(batch, steps):
        paintings = paint(
            paint_in_style,
            training.teacher,
            photo.to(training.device),
            style.palette,
            training.precision,
        )
        losses = losses_of(paintings, training.teacher, style)
        optimizer.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * progress)) + 1e-5
        optimizer.zero_grad()
        weighted(losses, training.weights, training.content).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        step += 1
        progress = min(1.0, (time.monotonic() - began) / training.seconds)
        with torch.no_grad():
            average.lerp_(vector, max(0.03, 1 / (1 + step)))
        for name, loss in losses.items():
            figure = float(loss.detach().mean())
            recent[name] = figure + 0.95 * (recent.get(name, figure) - figure)
        yield StyleStep(step, progress, dict(recent), average.cpu().numpy().copy())


@torch.no_grad()
def _best_known(training: StyleTraining, style: Target) -> Tensor:
    """Find the known vector whose paintings, in the style's colours, have the lowest loss."""
    rng = np.random.default_rng(training.seed)
    crops = [training.photos.crop(rng, TRIED_SIDE, zoom=2.0) for _ in range(2)]
    photo = recoloured(to_tensor(crops).to(training.device), style.palette)
    features = training.teacher.features(photo)
    best, lowest = torch.zeros(0), math.inf
    for known in training.known:
        vector = torch.from_numpy(known).to(training.device)
        painted = training.painter(photo, vector[None], style.palette).float()
        paintings = Paintings(painted, photo, training.teacher(painted), features)
        losses = losses_of(paintings, training.teacher, style)
        loss = float(weighted(losses, training.weights, training.content))
        if loss < lowest:
            best, lowest = vector, loss
    return best.clone()
