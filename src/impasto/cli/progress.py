"""How a painting comes along, on standard error: a bar on a terminal, else a few plain lines."""

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from impasto.api import Step

PAUSE = 10.0
"""Seconds between plain lines."""


class Display(Protocol):
    """Shows the steps of a painting, and says what else the user should know."""

    def step(self, step: "Step") -> None:
        """Shows where the painting is."""

    def say(self, line: str) -> None:
        """Prints a line that stays."""


def display(*, quiet: bool) -> AbstractContextManager[Display]:
    """What fits where standard error goes; with `quiet` only what must be said is."""
    if quiet:
        return nullcontext(Silence())
    return Bar() if sys.stderr.isatty() else nullcontext(Lines())


class Silence:
    """Shows no steps."""

    def step(self, step: "Step") -> None:
        """Shows nothing."""

    def say(self, line: str) -> None:
        """Prints a line."""
        print(f"impasto: {line}", file=sys.stderr, flush=True)


class Lines(Silence):
    """A line at the start of every scale, and one every `PAUSE` seconds."""

    def __init__(self) -> None:
        self._scale = -1
        self._said = 0.0

    def step(self, step: "Step") -> None:
        """Prints a line if it is time to."""
        now = time.monotonic()
        if step.scale == self._scale and now - self._said < PAUSE:
            return
        self._scale, self._said = step.scale, now
        self.say(
            f"scale {step.scale + 1} of {len(step.scales)}, {step.scales[step.scale].side} px, "
            f"step {step.step} of {step.scales[step.scale].steps}: {_losses(step)}, {_left(step)}"
        )


class Bar:
    """A bar with scale, step, losses and the time left; a context that draws it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("getting ready", total=1.0, losses="", left="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, step: "Step") -> None:
        """Moves the bar."""
        scale = step.scales[step.scale]
        self._progress.update(
            self._task,
            completed=step.done,
            description=f"{step.scale + 1}/{len(step.scales)} {scale.side} px "
            f"{step.step}/{scale.steps}",
            losses=_losses(step),
            left=_left(step),
        )

    def say(self, line: str) -> None:
        """Prints a line above the bar."""
        self._progress.console.print(f"impasto: {line}", markup=False, highlight=False)


def _losses(step: "Step") -> str:
    return f"content {step.losses['content']:.3f} style {step.losses['style']:.3f}"


def _left(step: "Step") -> str:
    minutes, seconds = divmod(round(step.seconds_left), 60)
    return f"{minutes}:{seconds:02d} left"
