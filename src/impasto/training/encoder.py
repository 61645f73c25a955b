"""Train the compact encoder: distil VGG-16 into it.

It starts as an excerpt of VGG-16 (`training.excerpt`) and learns from it (`training.distillation`).
The training pictures are of the kinds that the encoder will see in use: photos, paintings, noise,
noisy pictures, and pictures that are being painted with the encoder itself. Without the last kind,
an optimization would exploit the encoder's differences from VGG-16.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save as to_bytes
from torch import Tensor

from impasto.errors import SettingError
from impasto.networks.vgg import VGG
from impasto.system.files import write_file
from impasto.training.captured import Captured
from impasto.training.distillation import LAYERS, Distillation, Student, total
from impasto.training.excerpt import excerpt
from impasto.training.images import ImageFolder, prefetch, stacked, to_unit
from impasto.training.loop import CALIBRATION_STEP, Schedule, TrainingRun

ASSET = "compact.safetensors"
"""The file of the result; it ships with impasto."""

SMALLEST = 32
"""Smallest side of a crop in pixels: four positions of relu5_1."""

CALIBRATED = 16
"""Number of batches to which the first weights are fitted."""

LIFE = 32
"""Steps for which a canvas is painted before another one takes its place."""

RECENT = 0.02
"""Weight of the last step in the averages of losses that are logged."""


@dataclass(frozen=True)
class EncoderTraining:
    """The settings of the training of the compact encoder.

    Attributes:
        folders: of photos and paintings.
        teacher: VGG-16, frozen, see `networks.encoders.load`. It should pad as the compact encoder.
        out: folder of the checkpoint, the log and `compact.safetensors`.
        size: side of the crops in pixels.
        batch: pictures in a step, a multiple of 4: half of them are new crops, a quarter are
            canvases, and a quarter are their styles.
        device: "cpu", "cuda" or "mps".
        precision: of the convolutions; statistics and losses are always float32.
        log_every: steps between held-out measurements.

    Raises:
        SettingError: the crops are too small or too few.
    """

    folders: Sequence[Path]
    teacher: VGG
    out: Path
    schedule: Schedule
    size: int = 160
    batch: int = 8
    device: str = "cpu"
    precision: torch.dtype = torch.float32
    log_every: int = 250

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise SettingError(f"size is {self.size}; crops must have at least {SMALLEST} pixels")
        if self.batch < 4 or self.batch % 4:
            raise SettingError(f"batch is {self.batch}; it must be 4 or a multiple of 4")


def train(training: EncoderTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train, or continue a training, and write the averaged weights.

    Args:
        report: called with the figures of every line of the log.

    Returns:
        The file `compact.safetensors` (float16) in `training.out`.
    """
    schedule, device = training.schedule, torch.device(training.device)
    images = [ImageFolder(folder) for folder in training.folders]
    held_out = [ImageFolder(folder, held_out=True) for folder in training.folders]
    canvases = training.batch // 4

    def batch(step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng((schedule.seed, step))
        return {
            "pixels": pictures(images, rng, 2 * canvases, training.size),
            "age": torch.tensor([age_of(k, canvases, step) for k in range(canvases)]),
        }

    first = [batch(CALIBRATION_STEP + k)["pixels"] for k in range(CALIBRATED)]
    run = TrainingRun(_excerpted(training, to_unit(torch.cat(first))), training.out, schedule)

    def descend(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        losses = run.model(inputs["pixels"], inputs["age"])
        run.descend(total(losses))
        return {name: loss.detach() for name, loss in losses.items()}

    def log() -> None:
        means = {name: round(float(loss), 4) for name, loss in recent.items()}
        figures = {**means, **held_out_errors(run, held_out, training)}
        run.log(figures)
        report({"step": run.step, "steps": schedule.steps, **figures})

    torch.backends.cudnn.benchmark = True  # is faster where shapes repeat
    step_of = Captured(descend, device)
    recent: dict[str, Tensor] = {}
    logged = run.step
    # `closing` saves the checkpoint before an exception, such as that of Ctrl-C, is handled.
    with closing(run.steps()) as steps:
        for _, inputs in prefetch(batch, steps):
            run.set_rates()
            losses = step_of(inputs)
            run.finish()
            recent = {k: torch.lerp(recent.get(k, x), x, RECENT) for k, x in losses.items()}
            if run.step % training.log_every == 0:
                save(run, training.out / ASSET)
                log()
                logged = run.step
    weights = save(run, training.out / ASSET)
    if logged < run.step:
        log()
    return weights


def _excerpted(training: EncoderTraining, image: Tensor) -> Distillation:
    """Begin with an excerpt of the teacher, fitted to the pictures `image`, (N, 3, H, W)."""
    torch.manual_seed(training.schedule.seed)
    image, teacher = image.to(training.device), training.teacher.to(training.device)
    if training.precision != torch.float32:
        teacher.compute_in(training.precision)
    student = Student().to(training.device)
    excerpt(student, teacher, image)
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    some, canvases = image[: training.batch], training.batch // 4
    return Distillation(student, teacher, some, canvases, training.precision)


def age_of(canvas: int, canvases: int, step: int) -> float:
    """Compute the age of a canvas, from 0 to 1; one after the other is renewed."""
    return 0.0 if step == 0 else (step + LIFE * canvas // canvases) % LIFE / LIFE


def pictures(
    folders: Sequence[ImageFolder], rng: np.random.Generator, count: int, size: int
) -> Tensor:
    """Make a batch (count, size, size, 3) uint8 of crops, the last two of them with noise.

    Half of the time, the last but one is nothing but noise.
    """
    crops = [folders[k % len(folders)].crop(rng, size, zoom=2.5) for k in range(count)]
    amount = 255 * float(rng.uniform(0.02, 0.3))
    noisy = crops[-1] + amount * rng.standard_normal((size, size, 3), np.float32)
    crops[-1] = noisy.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        noise = coloured_noise(rng, size).transpose(1, 2, 0)
        crops[-2] = (255 * noise).round().astype(np.uint8)
    return stacked(crops)


def coloured_noise(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Draw noise (3, size, size) in [0, 1] with amplitudes of frequency**-a, a in [0, 2]."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = 1 / size
    spectrum = np.fft.rfft2(rng.standard_normal((3, size, size)))
    noise = np.fft.irfft2(spectrum * frequency ** -rng.uniform(0, 2), s=(size, size))
    noise -= noise.mean(axis=(1, 2), keepdims=True)
    noise /= noise.std() + 1e-8
    mean = rng.uniform(0.2, 0.8, size=(3, 1, 1))
    return np.clip(mean + rng.uniform(0.05, 0.3) * noise, 0, 1).astype(np.float32)


def held_out_errors(
    run: TrainingRun, folders: Iterable[ImageFolder], training: EncoderTraining
) -> dict[str, float]:
    """Measure the averaged weights on crops of held-out images, the same every time.

    Returns:
        For each of `LAYERS`, |prediction - teacher| / |teacher|; and as "direction" one minus the
        cosine of the style loss's gradients of student and teacher, for crops of the first folder
        in styles of the last.
    """
    model: Distillation = copy.deepcopy(run.model)  # type: ignore[assignment]
    model.load_state_dict(run.average)
    rng, folders = np.random.default_rng(0), list(folders)
    difference, norm = dict.fromkeys(LAYERS, 0.0), dict.fromkeys(LAYERS, 0.0)
    angles = []
    for _ in range(3):
        images = [
            to_unit(stacked([folder.crop(rng, training.size) for _ in range(training.batch)]))
            for folder in folders
        ]
        for image in images:
            for layer, (found, wanted) in model.predictions(image.to(training.device)).items():
                difference[layer] += float((found - wanted).square().sum())
                norm[layer] += float(wanted.square().sum())
        half = training.batch // 2
        canvas = images[0][:half].to(training.device)
        style = images[-1][half:].to(training.device)
        angles.append(float(model.compare(canvas[:0], style, canvas)[0]["gradient"].detach()))
    errors = {k: round((difference[k] / norm[k]) ** 0.5, 4) for k in LAYERS}
    return {**errors, "direction": round(sum(angles) / len(angles), 4)}


def save(run: TrainingRun, file: Path) -> Path:
    """Write the averaged weights of the encoder as float16 safetensors."""
    prefix = "student.encoder."
    halves = {
        name.removeprefix(prefix): value.half().cpu().contiguous()
        for name, value in run.average.items()
        if name.startswith(prefix)
    }
    write_file(file, to_bytes(halves), overwrite=True)
    return file
