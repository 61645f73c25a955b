"""The training loop: schedule, moving average of the weights, checkpoints, a log."""

import io
import json
import math
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.errors import ImpastoError, InputError, SettingError
from impasto.system.files import write_file

BIAS_SPREAD = 0.3
"""Assumed spread of biases and scales, whose initial values are all equal."""

PATIENCE = 20
"""Consecutive steps without a finite gradient after which the training ends."""

CALIBRATION_STEP = 1 << 31
"""The step that stands for the calibration batch; it is larger than any step of a run."""


@dataclass(frozen=True)
class Schedule:
    """The length and the learning rate of a run.

    Attributes:
        steps: number of updates.
        seconds: the time after which the run ends, if that comes before its last update.
        learning_rate: of Adam after the warm-up, relative to the initial spread of a layer's
            weights, sqrt(2 / inputs); it decays to zero along a cosine.
        warmup: number of updates over which the learning rate rises linearly.
        clip: largest norm of the gradient.
        average: decay of the exponential moving average of the weights. The averaged weights are
            the ones that are evaluated and saved.
        save_every: number of updates between checkpoints.
        seed: of the initial weights and of the batches.
    """

    steps: int
    seconds: float = math.inf
    learning_rate: float = 0.03
    warmup: int = 200
    clip: float = 1.0
    average: float = 0.999
    save_every: int = 250
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < math.inf:  # Typer's bounds accept NaN
            raise SettingError(f"rate is {self.learning_rate}; it must be a number above 0")
        if not self.seconds > 0:
            raise SettingError(f"seconds is {self.seconds}; it must be a number above 0")


class TrainingRun:
    """A training run, with its `checkpoint.pt` and `log.jsonl` in a folder.

    It yields the steps and takes the loss of each:

        run = TrainingRun(model, folder, schedule)
        for step in run.steps():
            run.update(loss_of(model, step))

    `update` is `set_rates`, `descend` and `finish`; of these, a CUDA graph can hold `descend`.

    If the folder has a checkpoint, the run continues from it. Ctrl-C saves one, too.
    """

    def __init__(
        self,
        model: nn.Module,
        folder: Path,
        schedule: Schedule,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        """Start a run, or continue the one in the folder.

        Args:
            model: is changed in place.
            folder: is created if it does not exist.
            schedule: of the run.
            rates: factors of the learning rate, by prefixes of the names of parameters.

        Raises:
            InputError: the checkpoint is damaged, of another network, or of another seed.
        """
        self.model = model
        self.folder = folder
        self.schedule = schedule
        self.step = 0
        self._values = model.state_dict()
        self.average = {name: value.detach().clone() for name, value in self._values.items()}
        self._device = next(model.parameters()).device
        self._optimizer = _optimizer(model, rates or {}, self._device)
        self._skipped = torch.zeros((), device=self._device)  # consecutive steps
        self._started = time.monotonic()
        self._seconds_before = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint_file.exists():
            self._resume()

    @property
    def checkpoint_file(self) -> Path:
        """The file of the run's state."""
        return self.folder / "checkpoint.pt"

    def steps(self) -> Generator[int, None, None]:
        """Yield the remaining steps; save a checkpoint at intervals, at the end and on Ctrl-C."""
        step, buffers = -1, self._buffers()
        try:
            while self.progress < 1:
                step, buffers = self.step, self._buffers()
                yield step
                if self.step == step:
                    raise RuntimeError("a training step ended without update() or finish()")
                if self.step % self.schedule.save_every == 0:
                    self.save()
        finally:
            if self.step == step:  # the step was not finished and will be repeated
                self.model.load_state_dict(buffers, strict=False)
            self.save()

    @property
    def progress(self) -> float:
        """The part of the run that is done, by its steps or by its time, whichever is more."""
        schedule = self.schedule
        return max(self.step / schedule.steps, self._seconds() / schedule.seconds)

    def update(self, loss: Tensor) -> None:
        """Backpropagate the loss, update the weights, and update their average."""
        self.set_rates()
        self.descend(loss)
        self.finish()

    def set_rates(self) -> None:
        """Set the learning rates of the next step."""
        relative = self.learning_rate()
        for group in self._optimizer.param_groups:
            rate = relative * group["spread"]
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def descend(self, loss: Tensor) -> None:
        """Backpropagate the loss, and update the weights unless the gradient is not finite.

        On CUDA it waits for nothing, so that a graph can capture it.
        """
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip)
        unsound = ~torch.isfinite(norm)
        self._skipped.copy_(torch.where(unsound, self._skipped + 1, 0.0))
        if self._device.type == "cuda":
            self._optimizer.found_inf = unsound.float()  # type: ignore[attr-defined]
        elif unsound:  # one bad batch must not end the run
            return
        self._optimizer.step()

    def finish(self) -> None:
        """Update the average of the weights, and count the step.

        Raises:
            ImpastoError: many consecutive steps had losses that are not finite.
        """
        on_cuda = self._device.type == "cuda"  # to ask it means to wait for it
        if on_cuda or not self._skipped:
            self._move_average()  # on CUDA, skipped steps count unchanged weights once more
        asked = not on_cuda or self.step % PATIENCE == 0
        if asked and self._skipped >= PATIENCE:
            raise ImpastoError(
                f"{PATIENCE} consecutive steps had losses that are not finite; "
                "try a lower rate, or remove pictures of a single colour"
            )
        self.step += 1

    def learning_rate(self) -> float:
        """Compute the relative learning rate: linear warm-up, then half a cosine to the end."""
        rise = min(1.0, (self.step + 1) / max(1, self.schedule.warmup))
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress)))
        return self.schedule.learning_rate * rise * fall

    def log(self, figures: Mapping[str, Any]) -> None:
        """Append a line of JSON to `log.jsonl`: the step, the seconds spent, the figures."""
        line = {"step": self.step, "seconds": round(self._seconds(), 1), **figures}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write the checkpoint, whole or not at all.

        Raises:
            OutputError: it cannot be written; the previous checkpoint is kept.
        """
        state = {
            "step": self.step,
            "seconds": self._seconds(),
            "schedule": asdict(self.schedule),
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self._optimizer.state_dict(),
        }
        # First to memory: PyTorch's writer does not report a full disk.
        stored = io.BytesIO()
        torch.save(state, stored)
        write_file(self.checkpoint_file, stored.getvalue(), overwrite=True)

    def _buffers(self) -> dict[str, Tensor]:
        """Copy the buffers, such as running statistics."""
        return {name: value.clone() for name, value in self.model.named_buffers()}

    def _resume(self) -> None:
        try:
            state = torch.load(self.checkpoint_file, map_location="cpu", weights_only=True)
            seed = state["schedule"]["seed"]
        except Exception as problem:  # torch may raise nearly any error
            raise InputError(
                f"{self.checkpoint_file}: not a checkpoint of a training run; "
                "remove it, or give another folder"
            ) from problem
        if seed != self.schedule.seed:
            raise InputError(
                f"{self.checkpoint_file}: was started with seed {seed}; "
                "give that seed, or another folder"
            )
        try:
            self.model.load_state_dict(state["model"])
            groups = self._optimizer.param_groups
            for saved, own in zip(state["optimizer"]["param_groups"], groups, strict=True):
                # The run may go on on another kind of device, where Adam computes otherwise.
                saved.update({k: own[k] for k in ("lr", "fused", "capturable", "foreach")})
            self._optimizer.load_state_dict(state["optimizer"])
            for name, value in state["average"].items():
                self.average[name].copy_(value)
            self.step = state["step"]
            self._seconds_before = state["seconds"]
        except (KeyError, RuntimeError, ValueError) as problem:
            raise InputError(
                f"{self.checkpoint_file}: a checkpoint of another network, or with other options; "
                "give what the run was started with, or another folder"
            ) from problem

    @torch.no_grad()
    def _move_average(self) -> None:
        # The average decays faster at first, to forget the random initial weights.
        decay = min(self.schedule.average, (1 + self.step) / (10 + self.step))
        pairs = [(self.average[name], value) for name, value in self._values.items()]
        averages, values = zip(*(p for p in pairs if p[1].is_floating_point()), strict=True)
        torch._foreach_lerp_(averages, values, 1 - decay)
        for average, value in pairs:
            if not value.is_floating_point():
                average.copy_(value)

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started


def _optimizer(
    model: nn.Module, rates: Mapping[str, float], device: torch.device
) -> torch.optim.Adam:
    """Build Adam with a group of parameters for each learning rate, on the model's device."""
    groups: dict[float, list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(_spread(parameter) * _factor(name, rates), []).append(parameter)
    grouped = [{"params": p, "spread": spread} for spread, p in groups.items()]
    if device.type != "cuda":
        return torch.optim.Adam(grouped)
    for group in grouped:
        group["lr"] = torch.zeros((), device=device)
    return torch.optim.Adam(grouped, fused=True, capturable=True)


def _factor(name: str, rates: Mapping[str, float]) -> float:
    return math.prod(factor for start, factor in rates.items() if name.startswith(start))


def _spread(parameter: Tensor) -> float:
    """Compute the initial standard deviation of a layer's weights (He et al. 2015).

    Adam moves all weights by the same amount. A rate that suits the 27 weights of a feature in the
    first layer is far too large for the thousand small weights in a deep layer. So the rates are
    relative to this spread.
    """
    if parameter.ndim < 2:
        return BIAS_SPREAD
    return math.sqrt(2 / parameter[0].numel())
