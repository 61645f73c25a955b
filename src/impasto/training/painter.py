"""Training the painter: one network and the vectors of many styles, taught by VGG-16.

Each step paints several photos in each of its styles. Steps go round the known styles, whose
vectors are learned; with them come artworks of all kinds, whose vectors the predictor makes. The
losses are in `painting_losses`.
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
from numpy.typing import NDArray
from safetensors.torch import save as stored
from torch import Tensor

from impasto.networks.painter import VECTOR, Palette
from impasto.system.files import write_file
from impasto.training import steps
from impasto.training.augmentation import augment
from impasto.training.captured import Captured
from impasto.training.images import (
    PHOTO_ENLARGED,
    PHOTO_ZOOM,
    ImageFolder,
    Images,
    image_files,
    prefetch,
    stacked,
    to_tensor,
    to_unit,
)
from impasto.training.loop import CALIBRATION_STEP, Schedule, TrainingRun
from impasto.training.painting_losses import (
    Target,
    Weights,
    chosen,
    identity_losses,
    joined,
    palette_of,
    weighted,
)
from impasto.training.preview import Preview
from impasto.training.styled import IDENTITY, StyledPainter, begin, calibrate
from impasto.training.targets import StyleEntry, picture_of, read_styles, target, target_of
from impasto.training.teacher import Teacher

WEIGHTS_FILE = "painter.safetensors"

ANY = "any picture"
"""Stands for the styles of artworks in the order of the steps."""

ARTWORKS = 0.35
"""Share of the styles that are artworks', where there are artworks."""

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

CORRECTION = 0.2
"""Weight of the mean square of the predictor's correction: without need the mixture of known
vectors stays."""

PREDICTOR_RATE = 0.3
"""The predictor's learning rate relative to the painter's: it sees few artworks in a step."""

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
        batch: photos that a step paints in each of its styles.
        together: styles in a step. With one, some steps are of artworks, and some of the photos'
            own style; with more, `ARTWORKS` of them are artworks, where there are artworks, and one
            more photo is painted in its own style.
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
    together: int = 1
    device: str = "cpu"
    precision: torch.dtype = torch.float32
    preview_every: int = 500
    weights: Weights = field(default_factory=Weights)


class Batch(NamedTuple):
    """What a step paints.

    Attributes:
        names: of the known styles.
        photo: (N, H, W, 3) uint8: `PainterTraining.batch` photos for each known style, then as many
            for each artwork, then those that are painted in their own style.
        artwork: (A, H, W, 3) uint8, whose styles they are.
        own: number of photos that are painted in their own style.
    """

    names: tuple[str, ...]
    photo: Tensor
    artwork: Tensor
    own: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all styles; the photos' own style is one."""
        own = (IDENTITY,) if self.own else ()
        return (*self.names, *[ANY] * len(self.artwork), *own)


def train(training: PainterTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train, or go on training, and write the averaged weights.

    Returns:
        The file `painter.safetensors` in `training.out`.
    """
    torch.manual_seed(training.schedule.seed)
    entries = {entry.name: entry for entry in read_styles(training.styles, training.table)}
    teacher = steps.load_teacher(training.teacher, training.precision).to(training.device)
    targets = {name: target(entry, teacher, training.device) for name, entry in entries.items()}
    names = [IDENTITY, *entries]
    model = StyledPainter(names, predicts=bool(training.artworks))
    known = begin(model, training.start) if training.start else set()
    crops = Crops(training, list(entries), known)
    if model.predictor is not None and not model.predictor.is_calibrated:
        artworks = (crops.artwork(CALIBRATION_STEP + k) for k in range(CALIBRATED))
        calibrate(
            model.predictor,
            map(picture_of, entries.values()),
            (to_tensor([artwork]) for artwork in artworks),
        )
    model.to(training.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = TrainingRun(model, training.out, training.schedule, {"predictor.": PREDICTOR_RATE})
    palettes = {name: style.palette for name, style in targets.items()}
    shown = Preview(training.photos[0], training.artworks, entries, palettes, training.device)
    objective = Objective(training, model, teacher, list(entries.values()), targets)
    del targets  # the objective has them joined

    def descend(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        total, losses = objective(inputs)
        run.descend(total)
        return {name: loss.detach() for name, loss in losses.items()}

    torch.backends.cudnn.benchmark = True  # pays where shapes repeat
    step_of = Captured(descend, torch.device(training.device))
    recent = Recent()
    with closing(run.steps()) as remaining:
        for step, batch in prefetch(crops.batch, remaining):
            # The palette's directions are drawn anew at every step, and alike after a resume.
            torch.manual_seed(training.schedule.seed + step)
            run.set_rates()
            losses = step_of(objective.inputs(batch))
            run.finish()
            recent.add(batch.labels, losses)
            if run.step % training.preview_every == 0 or run.step == training.schedule.steps:
                run.log({**recent.means(), "styles": recent.of_styles()})
                report({"step": run.step, "steps": training.schedule.steps, **recent.means()})
                shown.sheet(averaged(run), run.step).save(training.out / "preview.png")
                if run.step < training.schedule.steps:
                    save(run, training.out / WEIGHTS_FILE)
    return save(run, training.out / WEIGHTS_FILE)


class Objective:
    """What the training minimizes.

    Args:
        training: its settings.
        model: is trained.
        teacher: VGG-16.
        entries: the styles.
        targets: of the styles, by name.
    """

    def __init__(
        self,
        training: PainterTraining,
        model: StyledPainter,
        teacher: Teacher,
        entries: Sequence[StyleEntry],
        targets: Mapping[str, Target],
    ) -> None:
        self._training, self._model, self._teacher = training, model, teacher
        self._numbers = {entry.name: k for k, entry in enumerate(entries)}
        self._targets = joined([targets[entry.name] for entry in entries])
        content = [entry.content for entry in entries]
        self._content = torch.tensor(content, device=training.device)

    def inputs(self, batch: Batch) -> dict[str, Tensor]:
        """Convert a batch to tensors: `styles` (K,), `photo` and `artwork`."""
        numbers = [self._numbers[name] for name in batch.names]
        styles = torch.tensor(numbers, dtype=torch.long)
        return {"styles": styles, "photo": batch.photo, "artwork": batch.artwork}

    def __call__(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute what a step minimizes, and its unweighted losses.

        The distance of styles is a number for each of `Batch.labels`.
        """
        photo, artwork = to_unit(inputs["photo"]), to_unit(inputs["artwork"])
        vectors, target, content, penalty = self._styles(inputs["styles"], artwork)
        batch, weights = self._training.batch, self._training.weights
        styled = batch * len(vectors)
        vector, palette = self._of_each(photo, vectors, target)

        def painter(photo: Tensor, palette: Palette) -> Tensor:
            painted: Tensor = self._model.painter(photo, vector, palette)
            return painted

        precision = self._training.precision
        paintings = steps.paint(painter, self._teacher, photo, palette, precision)
        total, losses = penalty, {}
        if target is not None:
            losses = steps.losses_of(paintings.part(slice(styled)), self._teacher, target)
            share = styled / len(photo)
            total = total + share * weighted(losses, weights, _repeated(content, batch))
        if styled < len(photo):
            own = identity_losses(*paintings.part(slice(styled, None)))
            total = total + (1 - styled / len(photo)) * weighted(own, weights)
            styles = [*losses.get("style", []), own["style"].mean()]
            losses = {**own, **losses, "style": torch.stack(styles)}
        return total, losses

    def _styles(
        self, numbers: Tensor, artwork: Tensor
    ) -> tuple[Tensor, Target | None, Tensor, Tensor]:
        """Gather the styles of a step.

        Returns:
            Their vectors (S, VECTOR), targets, and factors of the content loss (S,); and a penalty.
        """
        device, penalty = artwork.device, torch.zeros((), device=artwork.device)
        vectors = [torch.empty(0, VECTOR, device=device)]
        content, targets = [torch.empty(0, device=device)], []
        if len(numbers):
            vectors.append(self._vectors(numbers))
            content.append(self._content[numbers])
            targets.append(chosen(self._targets, numbers))
        if len(artwork):
            predicted, correction = self._model.predict(artwork)
            large = F.interpolate(artwork, scale_factor=ARTWORK_ENLARGED, mode="bicubic")
            vectors.append(predicted)
            content.append(torch.ones(len(artwork), device=device))
            targets.append(target_of(large.clamp(0, 1), self._teacher))
            share = len(artwork) / (len(numbers) + len(artwork))
            penalty = CORRECTION * share * correction.square().mean()
        target = joined(targets) if targets else None
        return torch.cat(vectors), target, torch.cat(content), penalty

    def _vectors(self, numbers: Tensor) -> Tensor:
        """Gather learned vectors by their numbers.

        A CUDA graph must read the numbers on the device, so that all vectors have a gradient, of
        zero where they are not drawn: Adam's momentum moves them on. On a CPU, those rest.
        """
        learned = [self._model.vectors[name] for name in self._numbers]
        if numbers.device.type == "cuda":
            return torch.stack(learned)[numbers]
        return torch.stack([learned[k] for k in numbers.tolist()])

    def _of_each(
        self, photo: Tensor, vectors: Tensor, target: Target | None
    ) -> tuple[Tensor, Palette]:
        """Repeat vectors and palettes for each photo, unless all photos have the same."""
        batch, identity = self._training.batch, self._model.vectors[IDENTITY][None]
        own = photo[batch * len(vectors) :]
        if target is None:
            return identity, palette_of(photo)
        if len(vectors) == 1 and not len(own):
            return vectors, target.palette
        vector = _repeated(vectors, batch)
        mean, root = (_repeated(x, batch) for x in target.palette)
        if len(own):
            vector = torch.cat([vector, identity.expand(len(own), -1)])
            last = palette_of(own)
            mean, root = torch.cat([mean, last.mean]), torch.cat([root, last.root])
        return vector, Palette(mean, root)


def _repeated(values: Tensor, times: int) -> Tensor:
    """Repeat each value: (S, ...) becomes (S times, ...)."""
    return values[:, None].expand(-1, times, *values.shape[1:]).flatten(0, 1)


class Crops:
    """The crops of photos and artworks that a step paints, by its number alone.

    Args:
        training: its settings.
        names: of the styles, without the photo's own.
        known: those that were trained before, see `Order`.
    """

    def __init__(self, training: PainterTraining, names: Sequence[str], known: set[str]) -> None:
        self._training = training
        self._photos = [ImageFolder(folder) for folder in training.photos]
        self._artworks: list[Images] = [ImageFolder(folder) for folder in training.artworks]
        self._own = Images(image_files(training.styles))
        share = ARTWORKS if training.artworks else 0.0
        together, fresh, seed = training.together, training.fresh, training.schedule.seed
        self._of_artworks = round(share * together) if together > 1 else 0
        self._known = min(together - self._of_artworks, len(names))
        if together > 1:
            self._order = Order(names, known, fresh, seed)
        else:
            self._order = Order([IDENTITY, *names], known, fresh, seed, artworks=share)

    def batch(self, step: int) -> Batch:
        """Cut the photos of a step and its artworks."""
        rng = np.random.default_rng((self._training.schedule.seed, step))
        names, artworks, own = self._styles(step)
        count = self._training.batch * (len(names) + artworks) + own
        size, photos = self._training.size, self._photos
        crops = [
            photos[k % len(photos)].crop(rng, size, zoom=PHOTO_ZOOM, enlarged=PHOTO_ENLARGED)
            for k in range(count)
        ]
        works = [self.artwork(step * artworks + k) for k in range(artworks)]
        none = torch.empty(0, ARTWORK_SIDE, ARTWORK_SIDE, 3, dtype=torch.uint8)
        return Batch(names, stacked(crops), stacked(works) if works else none, own)

    def _styles(self, step: int) -> tuple[tuple[str, ...], int, int]:
        """Choose the known styles of a step, and the numbers of artworks and of own styles."""
        if self._training.together > 1:
            first = step * self._known
            names = tuple(self._order[first + k] for k in range(self._known))
            return names, self._of_artworks, 1
        name = self._order[step]
        if name == ANY:
            return (), 1, 0
        return ((), 0, self._training.batch) if name == IDENTITY else ((name,), 0, 0)

    def artwork(self, number: int) -> NDArray[np.uint8]:
        """Cut and vary an artwork, (H, W, 3)."""
        rng = np.random.default_rng((self._training.schedule.seed, 2, number))
        among = self._artworks[int(rng.integers(len(self._artworks)))]
        if rng.random() < OWN_PICTURES:
            among = self._own
        return augment(among.crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM), rng)


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
    """Moving averages of the losses, overall and of the styles; they stay on the device."""

    def __init__(self) -> None:
        self._all: dict[str, Tensor] = {}
        self._styles: dict[str, Tensor] = {}

    @torch.no_grad()
    def add(self, names: Sequence[str], losses: Mapping[str, Tensor]) -> None:
        """Count the losses of a step with these labels, see `Batch.labels`."""
        for key, loss in losses.items():
            self._all[key] = torch.lerp(self._all.get(key, loss.mean()), loss.mean(), 0.01)
        for name, loss in zip(names, losses["style"].unbind(), strict=True):
            self._styles[name] = torch.lerp(self._styles.get(name, loss), loss, 0.2)

    def means(self) -> dict[str, float]:
        """By the names of the losses."""
        return {k: round(float(v), 4) for k, v in sorted(self._all.items())}

    def of_styles(self) -> dict[str, float]:
        """The style distance, by the names of the styles."""
        return {k: round(float(v), 3) for k, v in sorted(self._styles.items())}


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
