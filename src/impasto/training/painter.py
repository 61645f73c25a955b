"""Training the painter: one network and the vectors of many styles, taught by VGG-16.

Each step paints several photos in one style. Steps go round the known styles, whose vectors are
learned; between them come artworks of all kinds, whose vectors the predictor makes. The losses are
in `painting_losses`.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save as stored
from torch import Tensor

from impasto.networks.painter import Palette
from impasto.system.files import write_file
from impasto.training.augmentation import augment
from impasto.training.images import (
    PHOTO_ZOOM,
    ImageFolder,
    Images,
    image_files,
    prefetch,
    to_tensor,
)
from impasto.training.loop import CALIBRATION_STEP, Schedule, TrainingRun
from impasto.training.painting_losses import Target, Weights, weighted
from impasto.training.preview import Preview
from impasto.training.steps import load_teacher, step_losses
from impasto.training.styled import IDENTITY, StyledPainter, begin, calibrate
from impasto.training.targets import StyleEntry, picture_of, read_styles, target, target_of
from impasto.training.teacher import Teacher

WEIGHTS_FILE = "painter.safetensors"

ANY = "any picture"
"""Stands for the styles of artworks in the order of the steps."""

ARTWORKS = 0.35
"""Share of the steps that paint in the style of an artwork, where there are artworks."""

OWN_PICTURES = 0.3
"""Share of the artworks that are pictures of the known styles. These are bolder than most of what
museums have digitised, and the predictor must not fail at what the painter paints best."""

ARTWORK_SIDE = 256
"""Side in pixels of the crops of artworks."""

ARTWORK_ZOOM = 1.25
"""Largest factor by which such a crop is scaled down."""

ARTWORK_ENLARGED = 1.2
"""Factor by which a crop is enlarged for the losses, so that its strokes are nearly as large as
those of the known styles, whose pictures are larger."""

CORRECTION = 0.5
"""Weight of the mean square of the predictor's correction: without need the mixture of known
vectors stays."""

PREDICTOR_RATE = 0.2
"""The predictor's learning rate relative to the painter's: each step shows it a single artwork."""

CALIBRATED = 128
"""Artworks whose statistics are measured before the first step."""


@dataclass(frozen=True)
class PainterTraining:
    """What is trained on what.

    Attributes:
        photos: folders of photos.
        artworks: folders of pictures to learn to take a style from; without any, no predictor is
            trained.
        styles: a folder of pictures, one a style, named by their stems; see `read_styles`.
        teacher: the weights of VGG-16, if not those that ship with impasto.
        out: folder of the checkpoint, the log, the previews and the weights.
        table: of settings of the styles; by default `styles.tsv` among their pictures, if any.
        start: weights to go on from, of which the vectors of styles with these names are taken
            and the others begin at their mean; None starts from random weights.
        fresh: how many times as often styles that `start` does not know are drawn.
        size: side of the crops in pixels, a multiple of 16.
        batch: photos in a step.
        device: what PyTorch computes on.
        precision: of the networks; statistics and losses are always float32.
        preview_every: steps between previews.
    """

    photos: Sequence[Path]
    styles: Path
    out: Path
    schedule: Schedule
    artworks: Sequence[Path] = ()
    teacher: Path | None = None
    table: Path | None = None
    start: Path | None = None
    fresh: int = 2
    size: int = 192
    batch: int = 3
    device: str = "cpu"
    precision: torch.dtype = torch.float32
    preview_every: int = 500
    weights: Weights = field(default_factory=Weights)


class Batch(NamedTuple):
    """What a step paints.

    Attributes:
        name: of the style, or `ANY`.
        photo: (N, 3, H, W).
        artwork: (1, 3, H, W), whose style it is; None in steps of known styles.
    """

    name: str
    photo: Tensor
    artwork: Tensor | None


def train(training: PainterTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train, or go on training, and write the averaged weights.

    Returns:
        The file `painter.safetensors` in `training.out`.
    """
    torch.manual_seed(training.schedule.seed)
    entries = {entry.name: entry for entry in read_styles(training.styles, training.table)}
    teacher = load_teacher(training.teacher, training.precision).to(training.device)
    targets = {name: target(entry, teacher, training.device) for name, entry in entries.items()}
    names = [IDENTITY, *entries]
    model = StyledPainter(names, predicts=bool(training.artworks))
    known = begin(model, training.start) if training.start else set()
    order = Order(
        names,
        known,
        training.fresh,
        training.schedule.seed,
        artworks=ARTWORKS if training.artworks else 0.0,
    )
    crops = Crops(training, order)
    if model.predictor is not None and not model.predictor.is_calibrated:
        artworks = (crops.artwork(CALIBRATION_STEP + k) for k in range(CALIBRATED))
        calibrate(model.predictor, map(picture_of, entries.values()), artworks)
    model.to(training.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = TrainingRun(model, training.out, training.schedule, {"predictor.": PREDICTOR_RATE})
    shown = Preview(training.photos[0], training.artworks, entries, targets, training.device)
    recent = Recent()
    with closing(run.steps()) as steps:
        for step, batch in prefetch(crops.batch, steps):
            # The palette's directions are drawn anew at every step, and alike after a resume.
            torch.manual_seed(training.schedule.seed + step)
            total, losses = _losses(model, teacher, batch, training, entries, targets)
            run.update(total)
            recent.add(batch.name, losses)
            if run.step % training.preview_every == 0 or run.step == training.schedule.steps:
                run.log({**recent.means(), "styles": recent.of_styles()})
                report({"step": run.step, "steps": training.schedule.steps, **recent.means()})
                shown.sheet(averaged(run), run.step).save(training.out / "preview.png")
                if run.step < training.schedule.steps:
                    save(run, training.out / WEIGHTS_FILE)
    return save(run, training.out / WEIGHTS_FILE)


def _losses(
    model: StyledPainter,
    teacher: Teacher,
    batch: Batch,
    training: PainterTraining,
    entries: Mapping[str, StyleEntry],
    targets: Mapping[str, Target],
) -> tuple[Tensor, dict[str, Tensor]]:
    """Compute what a step minimizes, and the unweighted losses."""
    photo = batch.photo.to(training.device)
    if batch.artwork is None:
        vector = model.vectors[batch.name][None]
        style, penalty = targets.get(batch.name), torch.zeros(())
    else:
        artwork = batch.artwork.to(training.device)
        vector, correction = model.predict(artwork)
        large = F.interpolate(artwork, scale_factor=ARTWORK_ENLARGED, mode="bicubic").clamp(0, 1)
        style, penalty = target_of(large, teacher), CORRECTION * correction.square().mean()

    def paint(photo: Tensor, palette: Palette) -> Tensor:
        painted: Tensor = model.painter(photo, vector, palette)
        return painted

    losses = step_losses(paint, teacher, photo, style, training.precision)
    content = entries[batch.name].content if batch.name in entries else 1.0
    return weighted(losses, training.weights, content) + penalty.to(photo), losses


class Crops:
    """The crops of photos and artworks that a step paints, by its number alone."""

    def __init__(self, training: PainterTraining, order: "Order") -> None:
        self._training, self._order = training, order
        self._photos = [ImageFolder(folder) for folder in training.photos]
        self._artworks: list[Images] = [ImageFolder(folder) for folder in training.artworks]
        self._own = Images(image_files(training.styles))

    def batch(self, step: int) -> Batch:
        """Cut the photos of a step and, where it is one of `ANY`, an artwork."""
        rng = np.random.default_rng((self._training.schedule.seed, step))
        count, size, photos = self._training.batch, self._training.size, self._photos
        crops = [photos[k % len(photos)].crop(rng, size, zoom=PHOTO_ZOOM) for k in range(count)]
        name = self._order[step]
        artwork = self.artwork(step) if name == ANY else None
        return Batch(name, to_tensor(crops), artwork)

    def artwork(self, step: int) -> Tensor:
        """Cut and vary an artwork, (1, 3, H, W)."""
        rng = np.random.default_rng((self._training.schedule.seed, 2, step))
        among = self._artworks[int(rng.integers(len(self._artworks)))]
        if rng.random() < OWN_PICTURES:
            among = self._own
        crop = among.crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM)
        return to_tensor([augment(crop, rng)])


class Order:
    """Which style is painted at which step: in turns, each turn in another order.

    Args:
        names: of the styles.
        known: those that were trained before.
        fresh: how many times as often the others are drawn, if any was trained before.
        seed: of the order.
        artworks: share of the steps that are `ANY`.
    """

    def __init__(
        self,
        names: Sequence[str],
        known: set[str],
        fresh: int,
        seed: int,
        *,
        artworks: float = 0.0,
    ) -> None:
        counts = {name: fresh if known and name not in known else 1 for name in names}
        self._turn = [name for name, count in counts.items() for _ in range(count)]
        self._turn += [ANY] * round(len(self._turn) * artworks / (1 - artworks))
        self._seed = seed

    def __getitem__(self, step: int) -> str:
        turn, place = divmod(step, len(self._turn))
        order = np.random.default_rng((self._seed, 1, turn)).permutation(len(self._turn))
        return self._turn[int(order[place])]


class Recent:
    """Moving averages of the losses, overall and of the styles."""

    def __init__(self) -> None:
        self._all: dict[str, float] = {}
        self._styles: dict[str, float] = {}

    def add(self, name: str, losses: Mapping[str, Tensor]) -> None:
        """Count the losses of a step."""
        figures = {k: float(v.detach()) for k, v in losses.items()}
        for k, v in figures.items():
            self._all[k] = v if k not in self._all else 0.99 * self._all[k] + 0.01 * v
        before = self._styles.get(name, figures["style"])
        self._styles[name] = 0.8 * before + 0.2 * figures["style"]

    def means(self) -> dict[str, float]:
        """By the names of the losses."""
        return {k: round(v, 4) for k, v in sorted(self._all.items())}

    def of_styles(self) -> dict[str, float]:
        """The style distance, by the names of the styles."""
        return {k: round(v, 3) for k, v in sorted(self._styles.items())}


def averaged(run: TrainingRun) -> StyledPainter:
    """Copy the model of a run, with its averaged weights."""
    model: StyledPainter = copy.deepcopy(run.model)  # type: ignore[assignment]
    model.load_state_dict(run.average)
    if model.predictor is not None:
        model.predictor.known.copy_(model.known())
    return model.eval()


def save(run: TrainingRun, file: Path) -> Path:
    """Write the averaged weights and vectors as float32 safetensors."""
    weights = {k: v.cpu().contiguous() for k, v in averaged(run).state_dict().items()}
    write_file(file, stored(weights), overwrite=True)
    return file
