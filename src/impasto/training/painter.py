"""Training the painter: one network and the vectors of many styles, taught by VGG-16.

Each step paints several photos in one style. Steps go round the known styles, whose vectors are
learned; between them come artworks of all kinds, whose vectors the predictor makes. The losses are
in `painting_losses`.
"""

import copy
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from safetensors.torch import save as stored
from torch import Tensor, nn

from impasto.errors import InputError
from impasto.networks import encoders
from impasto.networks.painter import VECTOR, Painter, Palette
from impasto.networks.predictor import Predictor
from impasto.system.files import write_file
from impasto.training.images import ImageFolder, prefetch, to_tensor
from impasto.training.loop import CALIBRATION, Schedule, TrainingRun
from impasto.training.painting_losses import (
    Target,
    Weights,
    contrasts,
    painting_losses,
    palette_of,
    recoloured,
    weighted,
)
from impasto.training.teacher import Teacher
from impasto.training.variety import varied

WEIGHTS_FILE = "painter.safetensors"

Paint = Callable[[Tensor, Palette], Tensor]
"""Paints recoloured photos (N, 3, H, W) in the colours of a palette."""

IDENTITY = "photo"
"""The name of the style that is the photo itself; no picture may have it."""

ANY = "any picture"
"""Stands for the styles of artworks in the order of the steps."""

ARTWORKS = 0.35
"""Share of the steps that paint in the style of an artwork, where there are artworks."""

ARTWORK_SIDE = 256
"""Side in pixels of the crops of artworks."""

ARTWORK_ZOOM = 1.25
"""Largest factor by which such a crop is scaled down."""

CORRECTION = 0.5
"""Weight of the mean square of the predictor's correction: without need the mixture of known
vectors stays."""

PREDICTOR_RATE = 0.2
"""The predictor's learning rate relative to the painter's: each step shows it a single artwork."""

CALIBRATED = 128
"""Artworks whose statistics are measured before the first step."""

POOLED = 0.7
"""See `painting_losses.style_distance`."""

STYLE_SIDE = 448
"""Long side in pixels at which a style's picture is looked at. Crops of photos show about half of
a photo at 224 pixels, so strokes come out as large as in a picture of this size."""

SHIFT = 8
"""See `shifted`."""

ZOOM = 1.3
"""Largest factor by which a crop of a photo is scaled down."""


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


class StyleEntry(NamedTuple):
    """A style to learn.

    Attributes:
        name: its picture's stem.
        picture: RGB.
        content: multiplies the weight of the content loss.
        side: long side in pixels at which its picture is looked at.
    """

    name: str
    picture: Image.Image
    content: float = 1.0
    side: int = STYLE_SIDE


class StyledPainter(nn.Module):
    """The painter together with the vectors of its styles, by name, and the predictor of others.

    Args:
        names: of the styles, of which one is the photo's own.
        predicts: whether there is a predictor.
    """

    def __init__(self, names: Sequence[str], *, predicts: bool = False) -> None:
        super().__init__()
        self.painter = Painter()
        # A parameter each: Adam leaves alone those that a step does not use.
        self.vectors = nn.ParameterDict({name: 0.3 * torch.randn(VECTOR) for name in names})
        self.predictor = Predictor(self.known().cpu()) if predicts else None

    def forward(self, photo: Tensor, palette: Palette, name: str) -> Tensor:
        """(N, 3, H, W), painted in the style of that name."""
        painted: Tensor = self.painter(photo, self.vectors[name][None], palette)
        return painted

    def known(self) -> Tensor:
        """The vectors of all styles but the photo's own, (K, VECTOR), without gradients."""
        vectors = (value.detach() for name, value in self.vectors.items() if name != IDENTITY)
        return torch.stack(list(vectors))

    def predict(self, artwork: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the vector of an artwork (1, 3, H, W); also return its correction alone."""
        assert self.predictor is not None
        self.predictor.known.copy_(self.known())
        mixture, correction = self.predictor.predict(self.predictor.statistics(artwork))
        return mixture + correction, correction


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
        artworks = (crops.artwork(CALIBRATION + k) for k in range(CALIBRATED))
        calibrate(model.predictor, map(picture_of, entries.values()), artworks)
    model.to(training.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = TrainingRun(model, training.out, training.schedule, {"predictor.": PREDICTOR_RATE})
    shown = Preview(training, entries, targets)
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
        paint: Paint = partial(model, name=batch.name)
        style, penalty = targets.get(batch.name), torch.zeros(())
    else:
        artwork = batch.artwork.to(training.device)
        vector, correction = model.predict(artwork)
        paint = lambda photo, palette: model.painter(photo, vector, palette)  # noqa: E731
        style, penalty = target_of(artwork, teacher), CORRECTION * correction.square().mean()
    losses = step_losses(paint, teacher, photo, style, training.precision)
    content = entries[batch.name].content if batch.name in entries else 1.0
    return weighted(losses, training.weights, content) + penalty.to(photo), losses


class Crops:
    """The crops of photos and artworks that a step paints, by its number alone."""

    def __init__(self, training: PainterTraining, order: "Order") -> None:
        self._training, self._order = training, order
        self._photos = [ImageFolder(folder) for folder in training.photos]
        self._artworks = [ImageFolder(folder) for folder in training.artworks]

    def batch(self, step: int) -> Batch:
        """Cut the photos of a step and, where it is one of `ANY`, an artwork."""
        rng = np.random.default_rng((self._training.schedule.seed, step))
        count, size, photos = self._training.batch, self._training.size, self._photos
        crops = [photos[k % len(photos)].crop(rng, size, zoom=ZOOM) for k in range(count)]
        name = self._order[step]
        artwork = self.artwork(step) if name == ANY else None
        return Batch(name, to_tensor(crops), artwork)

    def artwork(self, step: int) -> Tensor:
        """Cut and vary an artwork, (1, 3, H, W)."""
        rng = np.random.default_rng((self._training.schedule.seed, 2, step))
        folder = self._artworks[int(rng.integers(len(self._artworks)))]
        crop = folder.crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM)
        return to_tensor([varied(crop, rng)])


@torch.no_grad()
def calibrate(predictor: Predictor, pictures: Iterable[Tensor], artworks: Iterable[Tensor]) -> None:
    """Let a predictor choose the known style with the nearest statistics.

    Args:
        predictor: of as many known styles.
        pictures: of these styles, (1, 3, H, W) each.
        artworks: many, (1, 3, H, W) each, to measure what statistics are usual.
    """
    predictor.compact.load_state_dict(encoders.load("compact").state_dict())
    usual = torch.cat([predictor.statistics(artwork) for artwork in artworks])
    predictor.calibrate(usual, torch.cat([predictor.statistics(picture) for picture in pictures]))


def load_teacher(weights: Path | None, precision: torch.dtype) -> Teacher:
    """Load VGG-16, from a file or as it ships with impasto."""
    return Teacher(encoders.load("vgg16", weights=weights).state_dict(), precision)


def step_losses(
    paint: Paint,
    teacher: Teacher,
    photo: Tensor,
    style: Target | None,
    precision: torch.dtype,
) -> dict[str, Tensor]:
    """Compute the unweighted losses of photos painted in one style.

    Args:
        paint: paints the photos.
        teacher: VGG-16.
        photo: (N, 3, H, W).
        style: to paint in; None where the style of each photo is the photo itself.
        precision: of the networks.
    """
    networks = torch.autocast(photo.device.type, precision, enabled=precision != torch.float32)
    with torch.no_grad():
        palette = palette_of(photo) if style is None else style.palette
        if style is not None:
            photo = recoloured(photo, palette)
        photo = photo.contiguous(memory_format=torch.channels_last)
    with networks:
        painted = paint(photo, palette).float()
    photo, painted = shifted(photo, painted)
    features = teacher.features(photo)
    return painting_losses(painted, photo, teacher(painted), features, style, POOLED)


def shifted(*images: Tensor) -> tuple[Tensor, ...]:
    """Crop all images (N, 3, H, W) alike, by up to `SHIFT` pixels, to (N, 3, H - SHIFT, W - SHIFT).

    The painter and the teacher both halve pictures three times. If their grids always lay alike,
    the painter would learn a texture with the grid's period that only this teacher does not see.
    """
    top, left = torch.randint(SHIFT + 1, (2,)).tolist()
    height, width = (side - SHIFT for side in images[0].shape[2:])
    return tuple(image[..., top : top + height, left : left + width] for image in images)


def read_styles(folder: Path, table: Path | None = None) -> list[StyleEntry]:
    """The styles of a folder: its pictures, and what a table says of them.

    Args:
        folder: holds a picture for each style, named after it.
        table: of tab-separated values, with the columns `name` and perhaps `content` and `side`,
            see `StyleEntry`; empty fields mean the defaults. By default `styles.tsv` in the folder.

    Raises:
        InputError: the folder holds no picture, or one that cannot be read.
    """
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".jpg", ".png", ".webp"))
    if not files:
        raise InputError(f"{folder}: holds no pictures of styles; add JPEG, PNG or WebP files")
    table = table or folder / "styles.tsv"
    rows: dict[str, Mapping[str, str]] = {}
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as lines:
            rows = {row["name"]: row for row in csv.DictReader(lines, delimiter="\t")}
    return [_entry(file, rows.get(file.stem, {})) for file in files]


def _entry(file: Path, row: Mapping[str, str]) -> StyleEntry:
    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError) as problem:
        raise InputError(f"{file}: cannot be read ({problem}); take it out") from None
    return StyleEntry(
        file.stem, picture, float(row.get("content") or 1), int(row.get("side") or STYLE_SIDE)
    )


@torch.no_grad()
def target(entry: StyleEntry, teacher: Teacher, device: str) -> Target:
    """What the losses need to know of a style."""
    return target_of(picture_of(entry).to(device), teacher)


def picture_of(entry: StyleEntry) -> Tensor:
    """The picture of a style at the size at which it is looked at, (1, 3, H, W)."""
    scale = min(1.0, entry.side / max(entry.picture.size))
    size = tuple(max(16, round(side * scale / 8) * 8) for side in entry.picture.size)
    small = entry.picture.resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]
    return to_tensor([np.asarray(small)])


@torch.no_grad()
def target_of(image: Tensor, teacher: Teacher) -> Target:
    """What the losses need to know of the style of a picture, (1, 3, H, W)."""
    seen = teacher(image)
    return Target(
        {layer: s.gram for layer, s in seen.items()},
        {layer: s.mean for layer, s in seen.items()},
        palette_of(image),
        F.avg_pool2d(image, 2)[0].flatten(1).T.contiguous(),
        contrasts(image),
    )


def begin(model: StyledPainter, file: Path) -> set[str]:
    """Load the weights to go on from; styles that these do not know begin at the mean vector.

    A predictor is loaded, too, if the styles are the same; it chooses among them.

    Returns:
        The names of the styles that they know.
    """
    weights = load_file(file)
    known = part(weights, "vectors.")
    mean = torch.stack([v for name, v in known.items() if name != IDENTITY]).mean(0)
    model.painter.load_state_dict(part(weights, "painter."))
    for name, vector in model.vectors.items():
        vector.data.copy_(known.get(name, mean))
    predictor = part(weights, "predictor.")
    if model.predictor is not None and predictor and set(known) == set(model.vectors):
        model.predictor.load_state_dict(predictor)
    return set(known)


def part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Select the weights whose names begin with a prefix, by their names without it."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


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


class Preview:
    """A sheet of two held-out photos in twelve styles, others each time.

    Where there is a predictor, the last four styles are predicted from held-out artworks.
    """

    def __init__(
        self,
        training: PainterTraining,
        entries: Mapping[str, StyleEntry],
        targets: Mapping[str, Target],
        side: int = 288,
    ) -> None:
        folder = ImageFolder(training.photos[0], held_out=True)
        rng = np.random.default_rng(7)
        self._photos = to_tensor([folder.crop(rng, side, zoom=1.0) for _ in range(8)])
        artworks = [ImageFolder(folder, held_out=True) for folder in training.artworks]
        self._artworks = [
            artworks[k % len(artworks)].crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM)
            for k in range(8 if artworks else 0)
        ]
        self._entries, self._targets = entries, targets
        self._device = training.device

    @torch.no_grad()
    def sheet(self, model: StyledPainter, step: int, columns: int = 12) -> Image.Image:
        """Styles on top, photos below in these styles; the photo itself on the left."""
        turn, side = step // 100, self._photos.shape[2]
        photos = [self._photos[(turn + k) % len(self._photos)][None] for k in range(2)]
        styles = list(self._styles(model, turn, columns))
        sheet = [torch.cat([torch.ones(3, side, side), *(s.picture for s in styles)], 2)]
        for photo in photos:
            cells = [photo[0]]
            for style in styles:
                colours = recoloured(photo.to(self._device), style.palette)
                painted = model.painter(colours, style.vector, style.palette)
                cells.append(painted[0].clamp(0, 1).cpu())
            sheet.append(torch.cat(cells, 2))
        pixels = (torch.cat(sheet, 1).permute(1, 2, 0) * 255).round().byte().numpy()
        return Image.fromarray(pixels)

    def _styles(self, model: StyledPainter, turn: int, columns: int) -> Iterator["ShownStyle"]:
        side, names = self._photos.shape[2], list(self._entries)
        artworks = min(4, len(self._artworks))
        for k in range(min(columns - artworks, len(names))):
            name = names[(turn + k) % len(names)]
            picture = _square(self._entries[name].picture, side)
            yield ShownStyle(picture, model.vectors[name][None], self._targets[name].palette)
        for k in range(artworks):
            crop = self._artworks[(turn + k) % len(self._artworks)]
            artwork = to_tensor([crop]).to(self._device)
            picture = _square(Image.fromarray(crop), side)
            yield ShownStyle(picture, model.predict(artwork)[0], palette_of(artwork))


class ShownStyle(NamedTuple):
    """A style of a preview.

    Attributes:
        picture: (3, side, side).
        vector: (1, VECTOR).
        palette: of the style.
    """

    picture: Tensor
    vector: Tensor
    palette: Palette


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


def _square(picture: Image.Image, side: int) -> Tensor:
    return to_tensor([np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))])[0]
