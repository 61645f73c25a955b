"""Train the painter: one network, the vectors of many styles, and the predictor of other vectors.

Each step paints photos in one style or in several (`batches`), compares the paintings with photos
and styles as VGG-16 sees them (`objective`), and updates the weights and vectors (`loop`).
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from impasto.system.files import write_file
from impasto.training.batches import Batches
from impasto.training.captured import Captured
from impasto.training.images import prefetch, to_tensor
from impasto.training.loop import CALIBRATION_STEP, TrainingRun
from impasto.training.objective import Objective
from impasto.training.preview import Preview
from impasto.training.settings import PainterTraining
from impasto.training.steps import load_teacher
from impasto.training.styled import IDENTITY, StyledPainter, begin, calibrate
from impasto.training.targets import picture_of, read_styles, target

WEIGHTS_FILE = "painter.safetensors"

PREDICTOR_RATE = 0.3
"""The predictor's learning rate relative to the painter's: a step shows it few artworks."""

CALIBRATED = 128
"""Number of artworks whose statistics are measured before the first step."""


def train(training: PainterTraining, report: Callable[[dict[str, Any]], None]) -> Path:
    """Train a painter, or continue its training, and write the averaged weights.

    Args:
        training: the settings.
        report: is called at every preview with the step, the number of steps, and the losses.

    Returns:
        The file `painter.safetensors` in `training.out`.
    """
    schedule = training.schedule
    torch.manual_seed(schedule.seed)
    entries = {entry.name: entry for entry in read_styles(training.styles, training.table)}
    teacher = load_teacher(training.teacher, training.precision).to(training.device)
    targets = {name: target(entry, teacher, training.device) for name, entry in entries.items()}
    model = StyledPainter([IDENTITY, *entries], predicts=bool(training.artworks))
    trained = begin(model, training.start) if training.start else set()
    batches = Batches(training, list(entries), trained)
    if model.predictor is not None and not model.predictor.is_calibrated:
        artworks = (batches.artwork(CALIBRATION_STEP + k) for k in range(CALIBRATED))
        calibrate(
            model.predictor,
            map(picture_of, entries.values()),
            (to_tensor([artwork]) for artwork in artworks),
        )
    model.to(training.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = TrainingRun(model, training.out, schedule, {"predictor.": PREDICTOR_RATE})
    palettes = {name: style.palette for name, style in targets.items()}
    preview = Preview(training.photos[0], training.artworks, entries, palettes, training.device)
    objective = Objective(training, model, teacher, list(entries.values()), targets)
    del targets  # the objective has a copy; these would occupy memory

    def descend(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        total, losses = objective(inputs)
        run.descend(total)
        return {name: loss.detach() for name, loss in losses.items()}

    torch.backends.cudnn.benchmark = True  # is faster where shapes repeat
    step_of = Captured(descend, torch.device(training.device))
    recent = Recent()
    with closing(run.steps()) as remaining:
        for step, batch in prefetch(batches.make, remaining):
            # A step draws the same random directions of the palette loss after a resume.
            torch.manual_seed(schedule.seed + step)
            run.set_rates()
            losses = step_of(objective.inputs(batch))
            run.finish()
            recent.add(batch.labels, losses)
            if run.step % training.preview_every == 0 or run.step == schedule.steps:
                means = recent.means()
                run.log({**means, "styles": recent.of_styles()})
                report({"step": run.step, "steps": schedule.steps, **means})
                preview.sheet(averaged(run), run.step).save(training.out / "preview.png")
                if run.step < schedule.steps:
                    save(run, training.out / WEIGHTS_FILE)
    return save(run, training.out / WEIGHTS_FILE)


class Recent:
    """Moving averages of the losses, and of each style's distance; they stay on the device."""

    def __init__(self) -> None:
        self._all: dict[str, Tensor] = {}
        self._styles: dict[str, Tensor] = {}

    @torch.no_grad()
    def add(self, labels: Sequence[str], losses: Mapping[str, Tensor]) -> None:
        """Add the losses of a step, whose styles have these labels; see `Batch.labels`."""
        for name, loss in losses.items():
            self._all[name] = torch.lerp(self._all.get(name, loss.mean()), loss.mean(), 0.01)
        for label, loss in zip(labels, losses["style"].unbind(), strict=True):
            self._styles[label] = torch.lerp(self._styles.get(label, loss), loss, 0.2)

    def means(self) -> dict[str, float]:
        """Return the average of each loss, by its name."""
        return {name: round(float(mean), 4) for name, mean in sorted(self._all.items())}

    def of_styles(self) -> dict[str, float]:
        """Return the average distance of the paintings from each style, by its label."""
        return {label: round(float(mean), 3) for label, mean in sorted(self._styles.items())}


def averaged(run: TrainingRun) -> StyledPainter:
    """Copy the model of a run, with the averaged weights."""
    model: StyledPainter = copy.deepcopy(run.model)  # type: ignore[assignment]
    model.load_state_dict(run.average)
    if model.predictor is not None:
        model.predictor.known.copy_(model.known())
    return model.eval()


def save(run: TrainingRun, file: Path) -> Path:
    """Write the averaged weights and vectors to a file of float32 safetensors; return the file."""
    weights = {k: v.cpu().contiguous() for k, v in averaged(run).state_dict().items()}
    write_file(file, to_bytes(weights), overwrite=True)
    return file
