"""Show progress on standard error: a bar on a terminal, otherwise a few lines."""

import math
import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import ProgressColumn
    from typing_extensions import Self

    from impasto.api.stepwise import Step
    from impasto.batch.job import Outcome

PAUSE = 10.0
"""Seconds between lines."""

_PHOTOS_TO_KNOW = 3
"""Photos after which the time left of `PhotoBar` is estimated."""


def step_display(
    *, quiet: bool, photos: int = 1, piped: bool = False
) -> AbstractContextManager["Quiet"]:
    """Choose a display for photos that are painted step by step.

    Args:
        quiet: whether to print only warnings.
        photos: how many are painted.
        piped: whether the painting goes to standard output, so that lines must not.
    """
    if quiet:
        return nullcontext(Quiet())
    if not sys.stderr.isatty():
        return nullcontext(StepLines(photos, piped=piped))
    return StepBar(photos, piped=piped)


def photo_display(
    *, quiet: bool, photos: int = 1, piped: bool = False
) -> AbstractContextManager["Quiet"]:
    """Choose a display for photos that are painted at once; the arguments are the same."""
    if quiet:
        return nullcontext(Quiet())
    if photos < 2 or not sys.stderr.isatty():
        return nullcontext(Plain(piped=piped))
    return PhotoBar(photos)


class Quiet:
    """Prints warnings only, on standard error."""

    def __init__(self) -> None:
        self._warnings: set[str] = set()

    def photo(self, number: int, name: str) -> None:
        """Start a photo; numbers count from 1."""

    def step(self, step: "Step") -> None:
        """Show the progress."""

    def warn(self, line: str) -> None:
        """Print a warning, each only once."""
        if line not in self._warnings:
            self._warnings.add(line)
            self._say(line)

    def painted(self, outcome: "Outcome") -> None:
        """Print what was painted."""

    def _say(self, line: str) -> None:
        print(f"impasto: {line}", file=sys.stderr, flush=True)


class Plain(Quiet):
    """Prints what was painted, too, on standard output.

    Args:
        piped: whether to print it on standard error instead.
    """

    def __init__(self, *, piped: bool = False) -> None:
        super().__init__()
        self._piped = piped

    def painted(self, outcome: "Outcome") -> None:
        """Print what was painted."""
        print_line(outcome.summary, error=self._piped)


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
        each = (sum(self._taken) + this) / (len(self._taken) + 1)
        return _minutes(step.seconds_left + (self.count - self.number) * each)


class StepLines(Plain):
    """Prints a line at the start of every photo and scale, and one every `PAUSE` seconds.

    Args:
        photos: how many are painted.
        piped: as for `Plain`.
    """

    def __init__(self, photos: int = 1, *, piped: bool = False) -> None:
        super().__init__(piped=piped)
        self._batch = _Batch(photos)
        self._scale = -1
        self._said = 0.0

    def photo(self, number: int, name: str) -> None:
        """Print the photo's name."""
        self._batch.photo(number)
        self._scale = -1
        self._say(f"photo {number} of {self._batch.count}: {name}")

    def step(self, step: "Step") -> None:
        """Print a line, if it is due."""
        now = time.monotonic()
        if step.scale == self._scale and now - self._said < PAUSE:
            return
        self._scale, self._said = step.scale, now
        self._say(
            f"scale {step.scale + 1} of {len(step.scales)}, {step.scales[step.scale].side} px, "
            f"step {step.step} of {step.scales[step.scale].steps}: "
            + ", ".join(filter(None, (_losses(step), self._batch.left(step))))
        )


class _Bar(Plain):
    """A bar on the terminal below the lines; a context that draws it.

    Args:
        columns: of the bar, see `rich.progress`.
        total: of the bar.
        texts: for the columns, at first.
        piped: as for `Plain`.
    """

    def __init__(
        self, *columns: "ProgressColumn", total: float, texts: dict[str, Any], piped: bool
    ) -> None:
        from rich.console import Console
        from rich.progress import Progress

        super().__init__(piped=piped)
        # If it is that terminal, too, lines on standard output must not be printed into the bar.
        self._print_above = piped or (sys.stdout is not None and sys.stdout.isatty())
        console = Console(stderr=True)
        self._progress = Progress(
            *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._task = self._progress.add_task("getting ready", total=total, **texts)

    def __enter__(self) -> "Self":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def painted(self, outcome: "Outcome") -> None:
        """Print what was painted above the bar, or on standard output."""
        if self._print_above:
            self._print(outcome.summary)
        else:
            super().painted(outcome)

    def _say(self, line: str) -> None:
        self._print(f"impasto: {line}")

    def _print(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


class StepBar(_Bar):
    """Shows photo, scale, step, losses and the time left in a bar.

    Args:
        photos: how many are painted.
        piped: as for `Plain`.
    """

    def __init__(self, photos: int = 1, *, piped: bool = False) -> None:
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn

        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("{task.fields[left]}"),
            total=1.0,
            texts={"losses": "", "left": ""},
            piped=piped,
        )
        self._batch = _Batch(photos)

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


class PhotoBar(_Bar):
    """Counts photos in a bar, with the time left.

    Args:
        photos: how many are painted.
    """

    def __init__(self, photos: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

        super().__init__(
            TextColumn("painting"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            total=photos,
            texts={"left": ""},
            piped=False,
        )
        self._count = photos
        self._starts: list[float] = []

    def photo(self, number: int, name: str) -> None:
        """Move the bar to the photos before this one."""
        self._starts.append(time.monotonic())
        self._progress.update(self._task, completed=number - 1, left=self.left())

    def left(self) -> str:
        """Format the time left; it is unknown at first, as the first photo takes longer."""
        done = len(self._starts) - 1
        if done < _PHOTOS_TO_KNOW:
            return ""
        seconds = (self._starts[-1] - self._starts[1]) / (done - 1) * (self._count - done)
        return _minutes(seconds)


def print_line(line: str, *, error: bool = False) -> None:
    """Print a line on standard output, or on standard error; ignore a closed pipe."""
    stream = sys.stderr if error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except BrokenPipeError:
        # Otherwise Python would write the rest of the buffer when it ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _losses(step: "Step") -> str:
    return f"content {step.losses['content']:.3f} style {step.losses['style']:.3f}"


def _minutes(left: float) -> str:
    minutes, seconds = divmod(round(left), 60)
    return f"{minutes}:{seconds:02d} left"
