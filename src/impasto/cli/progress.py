"""Show progress on standard error: a bar on a terminal, otherwise a few lines."""

import math
import os
import statistics
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from impasto.api.stepwise import Step

PAUSE = 10.0
"""Seconds between lines."""


class Display(Protocol):
    """Shows the steps of paintings, and prints notices."""

    def photo(self, number: int, name: str) -> None:
        """Start a photo; numbers count from 1."""

    def step(self, step: "Step") -> None:
        """Show the progress."""

    def say(self, line: str) -> None:
        """Print a line that stays visible."""

    def tell(self, line: str) -> None:
        """Print a line on standard output."""


def display(*, quiet: bool, photos: int = 1) -> AbstractContextManager[Display]:
    """Choose a display for standard error; with `quiet`, one that prints only notices."""
    if quiet:
        return nullcontext(Silence(photos))
    if not sys.stderr.isatty():
        return nullcontext(Lines(photos))
    return Bar(photos, is_screen=sys.stdout is not None and sys.stdout.isatty())


class _Batch:
    """Estimates the time for photos from those that are painted and the current one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.number = 1
        self._started = time.monotonic()
        self._taken: list[float] = []

    def photo(self, number: int) -> None:
        """Start a photo."""
        now = time.monotonic()
        if number > 1:
            self._taken.append(now - self._started)
        self.number, self._started = number, now

    def done(self, step: "Step") -> float:
        """Compute the fraction of the work that is done, in [0, 1]."""
        return (self.number - 1 + step.done) / self.count

    def left(self, step: "Step") -> str:
        """Say the time left for all photos; nothing as long as it is not known."""
        if math.isinf(step.seconds_left):
            return ""
        this = time.monotonic() - self._started + step.seconds_left
        each = statistics.mean([*self._taken, this])
        return _minutes(step.seconds_left + (self.count - self.number) * each)


class Silence:
    """Shows no steps.

    Args:
        photos: how many are painted.
    """

    def __init__(self, photos: int = 1) -> None:
        self._batch = _Batch(photos)

    def photo(self, number: int, name: str) -> None:
        """Count a photo."""
        self._batch.photo(number)

    def step(self, step: "Step") -> None:
        """Show nothing."""

    def say(self, line: str) -> None:
        """Print a line."""
        print(f"impasto: {line}", file=sys.stderr, flush=True)

    def tell(self, line: str) -> None:
        """Print a line on standard output; ignore a closed pipe."""
        _print(line)


class Lines(Silence):
    """A line at the start of every photo and scale, and one every `PAUSE` seconds."""

    def __init__(self, photos: int = 1) -> None:
        super().__init__(photos)
        self._scale = -1
        self._said = 0.0

    def photo(self, number: int, name: str) -> None:
        """Print the photo's name."""
        super().photo(number, name)
        self._scale = -1
        self.say(f"photo {number} of {self._batch.count}: {name}")

    def step(self, step: "Step") -> None:
        """Print a line, if it is due."""
        now = time.monotonic()
        if step.scale == self._scale and now - self._said < PAUSE:
            return
        self._scale, self._said = step.scale, now
        self.say(
            f"scale {step.scale + 1} of {len(step.scales)}, {step.scales[step.scale].side} px, "
            f"step {step.step} of {step.scales[step.scale].steps}: "
            + ", ".join(filter(None, (_losses(step), self._batch.left(step))))
        )


class Bar:
    """A bar with photo, scale, step, losses and the time left; a context that draws it.

    Args:
        photos: how many are painted.
        is_screen: whether standard output is that terminal, too; lines must then not be printed
            into the bar.
    """

    def __init__(self, photos: int = 1, *, is_screen: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._batch = _Batch(photos)
        self._is_screen = is_screen
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("getting ready", total=1.0, losses="", left="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def photo(self, number: int, name: str) -> None:
        """Count a photo."""
        self._batch.photo(number)

    def step(self, step: "Step") -> None:
        """Move the bar."""
        scale, batch = step.scales[step.scale], self._batch
        photo = f"photo {batch.number}/{batch.count}, " if batch.count > 1 else ""
        self._progress.update(
            self._task,
            completed=batch.done(step),
            description=f"{photo}{step.scale + 1}/{len(step.scales)} {scale.side} px "
            f"{step.step}/{scale.steps}",
            losses=_losses(step),
            left=batch.left(step),
        )

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._print_above(f"impasto: {line}")

    def tell(self, line: str) -> None:
        """Print a line above the bar, or on standard output."""
        if self._is_screen:
            self._print_above(line)
        else:
            _print(line)

    def _print_above(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


class PhotoDisplay:
    """Shows the progress of a batch in lines."""

    def say(self, line: str) -> None:
        """Print a line on standard output; ignore a closed pipe."""
        _print(line)

    def warn(self, line: str) -> None:
        """Print a line on standard error."""
        print(line, file=sys.stderr, flush=True)

    def step(self) -> None:
        """Count a photo."""


class PhotoBar(PhotoDisplay):
    """Adds a bar on the terminal below the lines, as a context.

    Args:
        count: of photos.
        is_screen: whether standard output is that terminal, too; lines must then not be printed
            into the bar.
    """

    def __init__(self, count: int, *, is_screen: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("painting"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("painting", total=count, left="")
        self._is_screen = is_screen
        self._count = count
        self._times = [time.monotonic()]

    def __enter__(self) -> "PhotoBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar, or on standard output."""
        if self._is_screen:
            self.warn(line)
        else:
            super().say(line)

    def warn(self, line: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def step(self) -> None:
        """Move the bar."""
        self._times.append(time.monotonic())
        self._progress.update(self._task, advance=1, left=self._left())

    def _left(self) -> str:
        """Format the time left; it is unknown at first, as the first photo takes longer."""
        done = len(self._times) - 1
        if done < _PHOTOS_TO_KNOW or done == self._count:
            return ""
        seconds = (self._times[-1] - self._times[1]) / (done - 1) * (self._count - done)
        return _minutes(seconds)


_PHOTOS_TO_KNOW = 3
"""Photos after which the time left is estimated."""


def photo_display(count: int, *, quiet: bool) -> AbstractContextManager[PhotoDisplay]:
    """Choose a display for standard error."""
    if quiet or count < 2 or not sys.stderr.isatty():
        return nullcontext(PhotoDisplay())
    return PhotoBar(count, is_screen=sys.stdout is not None and sys.stdout.isatty())


def _losses(step: "Step") -> str:
    return f"content {step.losses['content']:.3f} style {step.losses['style']:.3f}"


def _print(line: str) -> None:
    """Print a line on standard output; ignore a closed pipe."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Otherwise Python would write the rest of the buffer when it ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _minutes(left: float) -> str:
    minutes, seconds = divmod(round(left), 60)
    return f"{minutes}:{seconds:02d} left"
