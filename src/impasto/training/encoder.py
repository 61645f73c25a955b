"""Distil VGG-19 into the compact encoder.

Linear heads on the features of the compact encoder must predict VGG-19's features at the same
layers. The training pictures are of the kinds that the encoder will see in use: photos, paintings,
noise, noisy pictures, and pictures from the middle of an optimization against the encoder itself.
Without the last kind, an optimization would exploit the encoder's differences from VGG-19.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from impasto.errors import SettingError
from impasto.networks import compact
from impasto.perceptual.statistics import gram
from impasto.system.files import write_file
from impasto.training.images import ImageFolder, prefetch, to_tensor
from impasto.training.loop import CALIBRATION_STEP, Schedule, TrainingRun

ASSET = "compact.safetensors"
"""The file of the result; it ships with impasto."""

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1")
"""The layers that losses use; their held-out errors are reported."""

AUXILIARY_LAYERS = ("relu1_2", "relu2_2", "relu3_2", "relu3_3", "relu3_4", "relu4_3", "relu4_4")
"""Further layers with a smaller weight. With them, each convolution is learned much faster."""

AUXILIARY_WEIGHT = 0.25
BORDER = 1
"""Positions at the border of a feature map to ignore: teacher and student pad differently."""

SMALLEST = 16 * (2 * BORDER + 1)
"""Smallest side of a crop in pixels: one position of relu5_1 remains inside the border."""

MIN_VARIANCE = 0.1
"""Variance of a channel of the normalised teacher below which the channel's error counts less."""


@dataclass(frozen=True)
class EncoderTraining:
    """The settings of the training of the compact encoder.

    Attributes:
        folders: of photos and paintings.
        teacher: a frozen encoder, see `networks.teachers.teacher`.
        out: folder of the checkpoint, the log and `compact.safetensors`.
        size: side of the crops in pixels.
        batch: crops in a step.
        device: "cpu", "cuda" or "mps".
        log_every: steps between held-out measurements.

    Raises:
        SettingError: the crops are too small or too few.
    """

    folders: Sequence[Path]
    teacher: nn.Module
    out: Path
    schedule: Schedule
    size: int = 160
    batch: int = 10
    device: str = "cpu"
    log_every: int = 250

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise SettingError(f"size is {self.size}; crops must have at least {SMALLEST} pixels")
        if self.batch < 2:
            raise SettingError(f"batch is {self.batch}; a step needs at least 2 crops")


class Student(nn.Module):
    """The compact encoder with a linear head on every supervised layer.

    Each head initially maps the student's channels to the teacher's most active channels, so that
    the student learns these. It skips the teacher's inactive channels.

    Args:
        variances: of the teacher's channels, (C,) for each layer to supervise.
    """

    def __init__(self, variances: dict[str, Tensor]) -> None:
        super().__init__()
        self.encoder = compact.build()
        for parameter in self.encoder.parameters():
            if parameter.ndim > 1:
                nn.init.kaiming_normal_(parameter, nonlinearity="relu")
            else:
                nn.init.zeros_(parameter)
        self.heads = nn.ModuleDict()
        for layer, variance in variances.items():
            head = nn.Conv2d(compact.WIDTHS[int(layer[4]) - 1], len(variance), 1)
            for parameter in head.parameters():
                nn.init.zeros_(parameter)
            active = variance.argsort(descending=True)[: head.in_channels].cpu()
            with torch.no_grad():
                head.weight[active, torch.arange(len(active))] = 1
            self.heads[layer] = head

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Predict the teacher's features."""
        features = self.encoder(image, tuple(self.heads))
        return {layer: head(features[layer]) for layer, head in self.heads.items()}


def train(training: EncoderTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train, or continue a training, and write the weights.

    Args:
        report: called with the figures of every line of the log.

    Returns:
        The file `compact.safetensors` (float16) in `training.out`.
    """
    torch.manual_seed(training.schedule.seed)
    images = [ImageFolder(folder) for folder in training.folders]
    held_out = [ImageFolder(folder, held_out=True) for folder in training.folders]
    supervised = LAYERS + AUXILIARY_LAYERS

    def batch(step: int) -> Tensor:
        rng = np.random.default_rng((training.schedule.seed, step))
        return pictures(images, rng, training.batch, training.size)

    first = batch(CALIBRATION_STEP).to(training.device)
    teacher = NormalisedTeacher(training.teacher.to(training.device), first)
    variances = {k: f.var(dim=(0, 2, 3)) for k, f in teacher(first, supervised).items()}
    student = Student(variances)
    student.to(training.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = TrainingRun(student, training.out, training.schedule)

    recent: deque[float] = deque(maxlen=50)
    # `closing` saves the checkpoint before an exception, such as that of Ctrl-C, is handled.
    with closing(run.steps()) as steps:
        for step, pictured in prefetch(batch, steps):
            image = pictured.to(training.device)
            if step % 8 == 0:
                image = half_optimized(student.encoder, image, seed=step)
            loss = distillation_loss(student(image), teacher(image, supervised), variances)
            run.update(loss)
            recent.append(float(loss.detach()))
            if run.step % training.log_every == 0 or run.step == training.schedule.steps:
                errors = held_out_errors(run.average, teacher, held_out, training)
                figures = {"loss": sum(recent) / len(recent), **errors}
                run.log(figures)
                report({"step": run.step, "steps": training.schedule.steps, **figures})
    return save(run.average, training.out / ASSET)


class NormalisedTeacher:
    """The teacher, with each layer scaled to unit variance.

    This scale suits a student that starts from random weights.

    Args:
        encoder: frozen.
        image: (N, 3, H, W), pictures on which to measure the variance.
    """

    def __init__(self, encoder: nn.Module, image: Tensor) -> None:
        self._encoder = encoder
        with torch.no_grad():
            features = encoder(image, LAYERS + AUXILIARY_LAYERS)
        self._scales = {k: f.var(dim=(0, 2, 3)).mean().rsqrt() for k, f in features.items()}

    @torch.no_grad()
    def __call__(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Compute the scaled features of `layers`."""
        return {k: f * self._scales[k] for k, f in self._encoder(image, layers).items()}


def distillation_loss(
    predicted: dict[str, Tensor], targets: dict[str, Tensor], variances: dict[str, Tensor]
) -> Tensor:
    """Compute the squared error over the teacher's variance, averaged over channels and layers.

    Args:
        predicted: the output of the heads, (N, C, H, W) for each layer.
        targets: the features of the normalised teacher, of the same shapes.
        variances: of these features, (C,) for each layer.
    """
    total, weights = torch.zeros((), device=next(iter(targets.values())).device), 0.0
    for layer, target in targets.items():
        weight = AUXILIARY_WEIGHT if layer in AUXILIARY_LAYERS else 1.0
        error = _inside(predicted[layer] - target).square().mean(dim=(0, 2, 3))
        total = total + weight * (error / variances[layer].clamp_min(MIN_VARIANCE)).mean()
        weights += weight
    return total / weights


def pictures(
    folders: Sequence[ImageFolder], rng: np.random.Generator, count: int, size: int
) -> Tensor:
    """Make a batch (count, 3, size, size) of crops, noise and noisy crops."""
    crops = [folders[k % len(folders)].crop(rng, size, zoom=2.5) for k in range(count)]
    batch = to_tensor(crops)
    noisy, noise = count - 1, count - 2
    amount = float(rng.uniform(0.02, 0.3))
    batch[noisy] += amount * torch.from_numpy(rng.standard_normal((3, size, size), np.float32))
    if rng.random() < 0.5:
        batch[noise] = torch.from_numpy(coloured_noise(rng, size))
    return batch.clamp_(0, 1)


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


def half_optimized(encoder: nn.Module, image: Tensor, *, seed: int) -> Tensor:
    """Optimize half of the batch a little towards the style of the other half.

    It takes up to 8 steps of Adam on Gram matrices of `encoder` itself, like an optimization with
    this encoder.

    Returns:
        (N, 3, H, W), the second half unchanged.
    """
    generator = np.random.default_rng(seed)
    layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    half = len(image) // 2
    with torch.no_grad():
        targets = {k: gram(f) for k, f in encoder(image[half : 2 * half], layers).items()}
    canvas = image[:half].clone().requires_grad_(True)
    optimizer = torch.optim.Adam([canvas], lr=float(generator.uniform(0.01, 0.05)))
    for _ in range(int(generator.integers(2, 9))):
        features = encoder(canvas, layers)
        distances = [
            F.mse_loss(gram(features[k]), targets[k]) / targets[k].square().mean() for k in layers
        ]
        optimizer.zero_grad()
        # Not backward(), which would compute gradients of the encoder's weights.
        (canvas.grad,) = torch.autograd.grad(torch.stack(distances).sum(), canvas)
        optimizer.step()
        with torch.no_grad():
            canvas.clamp_(0, 1)
    return torch.cat([canvas.detach(), image[half:]])


@torch.no_grad()
def held_out_errors(
    weights: dict[str, Tensor],
    teacher: NormalisedTeacher,
    folders: Iterable[ImageFolder],
    training: EncoderTraining,
) -> dict[str, float]:
    """Measure |prediction - teacher| / |teacher| for each layer on crops of held-out images.

    The crops are the same every time.
    """
    student = Student({k: weights[f"heads.{k}.bias"] for k in LAYERS + AUXILIARY_LAYERS})
    student.load_state_dict(weights)
    student.to(training.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    difference = dict.fromkeys(LAYERS, 0.0)
    norm = dict.fromkeys(LAYERS, 0.0)
    rng = np.random.default_rng(0)
    for folder in folders:
        for _ in range(3):
            crops = [folder.crop(rng, training.size) for _ in range(training.batch)]
            image = to_tensor(crops).to(training.device)
            targets, predicted = teacher(image, LAYERS), student(image)
            for layer in LAYERS:
                difference[layer] += float(
                    _inside(predicted[layer] - targets[layer]).square().sum()
                )
                norm[layer] += float(_inside(targets[layer]).square().sum())
    return {k: round((difference[k] / norm[k]) ** 0.5, 4) for k in LAYERS}


def save(weights: dict[str, Tensor], file: Path) -> Path:
    """Write the encoder's weights, without the heads, as float16 safetensors."""
    state = {
        name.removeprefix("encoder."): value.half().contiguous()
        for name, value in weights.items()
        if name.startswith("encoder.")
    }
    write_file(file, to_bytes(state), overwrite=True)
    return file


def _inside(features: Tensor) -> Tensor:
    return features[..., BORDER:-BORDER, BORDER:-BORDER]
