"""The solver: paints scale after scale, and yields an `Iterate` after every step."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import DeviceError, ImpastoError
from impasto.image.resize import fit_min_side
from impasto.networks.encoder import Encoder
from impasto.optimization import objective as objectives
from impasto.optimization.clock import Clock
from impasto.optimization.memory import fitting_tile, is_out_of_memory
from impasto.optimization.optimizer import PyramidAdam
from impasto.optimization.parametrization import decorrelate, to_rgb
from impasto.optimization.regions import StylePicture
from impasto.optimization.schedule import SMALLEST, SMALLEST_PAINTED, Scale, schedule
from impasto.scene import Region
from impasto.settings import OptimizeSettings

LEARNING_RATE = {"adam": 0.2, "lbfgs": 1.0}
"""Learning rates by optimizer; that of Adam is for 128 pixels, see `_set_learning_rate`."""

REFINING = 0.5
"""Factor of Adam's learning rate at the first scale if the picture is from the single pass. The
full rate would blur eyes and contours."""

PATIENCE = 8
"""Number of steps without a finite loss, at one scale, after which the solver gives up."""


@dataclass(frozen=True)
class Images:
    """The pictures of an optimization, on the device.

    Attributes:
        content: (1, 3, H, W) in [0, 1], of the size at which to paint.
        regions: what to paint where: masks (1, 1, H, W), and lists of `StylePicture`.
        first: the picture to start from, (1, 3, H', W'), which is resized; None for noise.
        recoloured: the content in the colours of the styles, if a term needs it, or None.
    """

    content: Tensor
    regions: Sequence[Region]
    first: Tensor | None
    recoloured: Tensor | None = None


@dataclass(frozen=True)
class Iterate:
    """The picture and its losses after a step.

    Attributes:
        image: (1, 3, h, w) in [0, 1] at the current scale; a copy that no later step changes.
            Outside all regions it is undefined; there the painting shows the photo.
        losses: weighted parts and their "total".
        scale: index into `scales`.
        step: of the current scale, from 1.
        seconds_left: an estimate from the steps so far; infinity while there are too few.
    """

    image: Tensor
    losses: dict[str, float]
    scale: int
    scales: tuple[Scale, ...]
    step: int
    seconds_left: float
    notice: str | None = None

    @property
    def done(self) -> float:
        """The fraction of the whole work that is done, in [0, 1]."""
        total = sum(s.cost for s in self.scales)
        before = sum(s.cost for s in self.scales[: self.scale])
        return (before + self.scales[self.scale].cost_until(self.step)) / total


@dataclass
class SolverState:
    """The state from which a solver can continue exactly: step, canvas and optimizer.

    The canvas (see `parametrization`) is not clipped, because L-BFGS also continues from values
    outside [0, 1].
    """

    scale: int = 0
    step: int = 0
    canvas: Tensor | None = None
    optimizer: dict[str, Any] = field(default_factory=dict)
    nonfinite_steps: int = 0


class Solver:
    """Paints pictures by optimization, scale after scale.

    Iterating yields an `Iterate` after every step. `state` can be saved between steps, and another
    solver that is made with it continues exactly as this one would.

        for iterate in Solver(encoder, images, settings):
            show(iterate.image, iterate.losses)

    Raises, while iterating:
        DeviceError: there is not enough memory for the first scale. At a later scale, the solver
            ends with the picture of the previous one, and the last iterate has a notice.
        ImpastoError: the loss does not become finite.

    At strength 0, or without regions, the photo is the only iterate.
    """

    def __init__(
        self,
        encoder: Encoder,
        images: Images,
        settings: OptimizeSettings,
        state: SolverState | None = None,
        *,
        fine: Encoder | None = None,
    ) -> None:
        self._encoder = encoder
        self._fine = fine or encoder
        self._images = images
        self._settings = settings
        self.state = state or SolverState()
        height, width = images.content.shape[-2:]
        least = encoder.minimum_side(settings.content_layers + settings.style_layers)
        side = max(fit_min_side((width, height), max(width, height), least))
        smallest = SMALLEST_PAINTED if settings.init == "fast" else SMALLEST
        scales = schedule(side, settings.quality, settings.steps, smallest)
        if fine is None:
            scales = tuple(replace(scale, fine=False) for scale in scales)
        # A panorama's first scales can be too narrow for the encoder.
        self.scales = tuple(s for s in scales if min(fitted(images.content, s.side)) >= least)

    def size(self, scale: int) -> tuple[int, int]:
        """Compute (height, width) of the picture at a scale, an index into `scales`."""
        return fitted(self._images.content, self.scales[scale].side)

    def __iter__(self) -> Iterator[Iterate]:
        if self._settings.strength == 0 or not self._images.regions:
            yield from self._photo()
            return
        clock = Clock(self.scales)
        while self.state.scale < len(self.scales):
            try:
                yield from self._paint_scale(clock)
            except (RuntimeError, MemoryError) as problem:
                if not is_out_of_memory(problem):
                    raise
                yield self._finish_early()
                return
            self.state.scale += 1
            self.state.step = 0
            self.state.nonfinite_steps = 0
            self.state.optimizer = {}

    def _photo(self) -> Iterator[Iterate]:
        """Yield the photo if there is no style; Adam would follow rounding errors."""
        if self.state.scale == len(self.scales):
            return
        last = self.scales[-1]
        picture = resized(self._images.content, fitted(self._images.content, last.side))
        self.state = SolverState(scale=len(self.scales), canvas=decorrelate(picture))
        losses = dict.fromkeys(
            ("content", "structure", "style", "tv", "palette", "tone", "total"), 0.0
        )
        yield Iterate(picture, losses, len(self.scales) - 1, self.scales, last.steps, 0.0)

    def _finish_early(self) -> Iterate:
        """Return the picture so far as the last iterate, after memory ran out.

        The state is kept, so that a resumed run can try again with more memory.
        """
        scale, step, canvas = self.state.scale, self.state.step, self.state.canvas
        side = self.scales[scale].side
        if canvas is None:
            raise DeviceError(
                f"not enough memory to paint at {side} px; try a size of {max(32, side // 2)}"
            ) from None
        reached = scale if step else scale - 1
        notice = (
            f"not enough memory at {side} px; "
            f"the picture was finished at {max(canvas.shape[-2:])} px"
        )
        picture = to_rgb(canvas).clamp(0, 1)
        step = step or self.scales[reached].steps
        return Iterate(picture, {}, reached, self.scales, step, 0.0, notice)

    def _paint_scale(self, clock: Clock) -> Iterator[Iterate]:
        scale = self.scales[self.state.scale]
        size = self.size(self.state.scale)
        content = resized(self._images.content, size)
        regions = [self._region_at(region, size, scale.side) for region in self._images.regions]
        encoder = self._fine if scale.fine else self._encoder
        tile = self._settings.tile or fitting_tile(
            encoder,
            self._settings.content_layers + self._settings.style_layers,
            size,
            content.device,
        )
        recoloured = self._images.recoloured
        if recoloured is not None:
            recoloured = resized(recoloured, size)
        objective = objectives.build(encoder, content, regions, self._settings, tile, recoloured)
        canvas = self._start(size).requires_grad_(True)
        optimizer = self.optimizer(canvas, self.state.optimizer)
        while self.state.step < scale.steps:
            self._set_learning_rate(optimizer, scale)
            losses = _optimizer_step(objective, optimizer, canvas)
            if not (math.isfinite(losses["total"]) and canvas.isfinite().all()):
                optimizer = self._recover(canvas)
                continue
            self.state.step += 1
            self.state.canvas = canvas.detach().clone()
            self.state.optimizer = optimizer.state_dict()
            yield Iterate(
                to_rgb(self.state.canvas).clamp_(0, 1),
                losses,
                self.state.scale,
                self.scales,
                self.state.step,
                clock.tick(self.state.scale, self.state.step),
            )

    def _set_learning_rate(self, optimizer: torch.optim.Optimizer, scale: Scale) -> None:
        """Set the learning rate, which is halved after every step without a finite loss.

        The rate of Adam falls to a thirtieth along a cosine, so that the picture settles at the end
        of a scale. Its default is smaller where less must change: at finer scales, with little
        strength, and at the first scale of a picture that is already painted.
        """
        rate = self._settings.learning_rate
        if rate is None:
            rate = LEARNING_RATE[self._settings.optimizer]
            if self._settings.optimizer == "adam":
                strength = self._settings.strength * max(r.weight for r in self._images.regions)
                rate *= min(1.0, SMALLEST / scale.side) ** 1.5 * strength
                if self._settings.init == "fast" and self.state.scale == 0:
                    rate *= REFINING
        rate *= 0.5**self.state.nonfinite_steps
        if self._settings.optimizer == "adam":
            part = self.state.step / scale.steps
            rate *= 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * part))
        for group in optimizer.param_groups:
            group["lr"] = rate

    def _recover(self, canvas: Tensor) -> torch.optim.Optimizer:
        """Restore the last finite canvas and reset the optimizer, after a non-finite loss."""
        self.state.nonfinite_steps += 1
        if self.state.nonfinite_steps > PATIENCE:
            raise ImpastoError(
                "the loss is not finite, whatever the step size; "
                "lower learning-rate, style-weight or content-weight"
            )
        with torch.no_grad():
            canvas.copy_(self._start((canvas.shape[-2], canvas.shape[-1])))
        return self.optimizer(canvas)

    def _start(self, size: tuple[int, int]) -> Tensor:
        """Make the canvas with which to start or resume a scale.

        It is the canvas after the last step of the scale; before the first step, the picture of the
        previous scale, or else the picture that the setting `init` names.
        """
        if self.state.canvas is not None and self.state.step:
            return self.state.canvas.clone()
        if self.state.canvas is not None:
            picture = to_rgb(self.state.canvas).clamp(0, 1)
        elif self._images.first is not None:
            picture = self._images.first
        else:
            generator = torch.Generator().manual_seed(self._settings.seed)
            noise = 0.5 + 0.15 * torch.randn((1, 3, *size), generator=generator)
            picture = noise.clamp_(0, 1).to(self._images.content.device)
        return decorrelate(resized(picture, size))

    def _region_at(self, region: Region, size: tuple[int, int], side: int) -> Region:
        """Resize the mask of a region to (height, width), and its styles by `_style_at`."""
        mask = None if region.mask is None else _resized_mask(region.mask, size)
        return Region(mask, [self._style_at(s, side) for s in region.style], region.weight)

    def _style_at(self, style: StylePicture[Tensor], side: int) -> StylePicture[Tensor]:
        """Resize a style to a long side of `side` times the brush.

        It is enlarged only as far as a brush above 1 requires, or the encoder needs.
        """
        wanted = round(side * self._settings.brush)
        least = self._encoder.minimum_side(self._settings.style_layers)
        height, width = style.image.shape[-2:]
        wanted = max(wanted, -(-least * max(height, width) // min(height, width)))
        largest = round(max(height, width) * max(1.0, self._settings.brush))
        height, width = fitted(style.image, min(wanted, largest))
        size = max(height, least), max(width, least)
        mask = None if style.mask is None else _resized_mask(style.mask, size)
        return replace(style, image=resized(style.image, size), mask=mask)

    def optimizer(
        self, canvas: Tensor, memory: Mapping[str, Any] | None = None
    ) -> torch.optim.Optimizer:
        """Make an optimizer of the canvas, with the state of another one, from its `state_dict`."""
        made = self._new_optimizer(canvas)
        if memory:  # without the hyperparameters, which are set already
            made.load_state_dict({**made.state_dict(), "state": memory["state"]})
        return made

    def _new_optimizer(self, canvas: Tensor) -> torch.optim.Optimizer:
        if self._settings.optimizer == "adam":
            return PyramidAdam(canvas)
        # Negative tolerances: it must not stop early, which users see as a stalled picture.
        # The line search makes steps that raise the loss impossible.
        return torch.optim.LBFGS(
            [canvas],
            max_iter=1,
            max_eval=12,
            history_size=10,
            tolerance_grad=-1,
            tolerance_change=-1,
            line_search_fn="strong_wolfe",
        )


def _optimizer_step(
    objective: objectives.Objective, optimizer: torch.optim.Optimizer, canvas: Tensor
) -> dict[str, float]:
    """Take one step of the optimizer, and return the losses before it."""
    before: dict[str, Tensor] = {}

    def closure() -> Tensor:
        total, parts = objective(to_rgb(canvas))
        (canvas.grad,) = torch.autograd.grad(total, canvas)
        if not before:
            before.update(parts, total=total)
        return total.detach()

    optimizer.step(closure)  # type: ignore[arg-type]
    if isinstance(optimizer, PyramidAdam):
        # L-BFGS models the loss without bounds; Adam does not mind them.
        with torch.no_grad():
            canvas.copy_(decorrelate(to_rgb(canvas).clamp_(0, 1)))
    return {name: float(value.detach()) for name, value in before.items()}


def fitted(image: Tensor, side: int) -> tuple[int, int]:
    """Compute (height, width) of (..., H, W) with its long side at `side`, at least 1 each."""
    height, width = image.shape[-2:]
    factor = side / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (1, 3, H, W) to (height, width): bicubic, antialiased when it shrinks."""
    if tuple(image.shape[-2:]) == size:
        return image
    found = F.interpolate(image, size, mode="bicubic", antialias=True, align_corners=False)
    return found.clamp(0, 1)


def _resized_mask(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a mask to (height, width), bilinear and so without ringing."""
    return F.interpolate(mask, size, mode="bilinear", antialias=True, align_corners=False)
