"""A bounded queue of paintings, and the threads that paint them."""

import logging
import math
import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Literal, TypeAlias

from impasto.errors import ImpastoError
from impasto.web.limits import Limits

State = Literal["waiting", "running", "done", "failed", "cancelled"]

FIRST_GUESS = 5.0
"""Assumed seconds for a painting before any has been timed."""

WRONG_INPUT = 2
"""The `exit_code` of errors in the user's input."""

_LONGEST_SWEEP = 60.0
"""Longest time in seconds between two removals of old files."""

_log = logging.getLogger(__name__)


class QueueFullError(ImpastoError):
    """The queue is full.

    Attributes:
        retry_after: seconds after which to try again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the queue is full; try again in {retry_after} s")
        self.retry_after = retry_after


class CancelledError(Exception):
    """The painting was cancelled."""


@dataclass(frozen=True)
class Result:
    """A finished painting.

    Attributes:
        path: of the file, in the job's folder.
        media_type: of the file, such as image/png.
        name: of the file when it is downloaded.
        size: (width, height); None if the file is not a picture.
        notices: warnings for the user, of one line each.
    """

    path: Path
    media_type: str
    name: str
    size: tuple[int, int] | None
    notices: tuple[str, ...]


Work: TypeAlias = "Callable[[Job], Result]"
"""The work of a job, a function that calls `Job.check` regularly."""


@dataclass(eq=False)
class Job:
    """A painting that was requested.

    Attributes:
        id: a word that cannot be guessed; everyone who knows it may see the painting.
        kind: of work, such as "stylize".
        folder: of its files; it is removed with the job.
        work: to do; None when it has ended.
        state: of the job.
        progress: fraction of the work that is done, in [0, 1].
        seconds_left: an estimate, or None if there is none yet.
        photo, preview: reduced JPEGs of the photo and of the painting so far, or None.
        result: the finished painting, or None.
        error: why the job failed, in one line, or None.
        is_users_fault: whether the error is in the user's input.
        ended_at: time when the job ended, by `time.monotonic`.
    """

    id: str
    kind: str
    folder: Path
    work: "Work | None" = field(repr=False)
    state: State = "waiting"
    progress: float = 0.0
    seconds_left: float | None = None
    photo: bytes | None = field(default=None, repr=False)
    preview: bytes | None = field(default=None, repr=False)
    result: Result | None = None
    error: str | None = None
    is_users_fault: bool = False
    ended_at: float = math.inf
    _unwanted: Event = field(default_factory=Event, repr=False)
    _listeners: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the job is done, has failed or was cancelled."""
        return self.state in ("done", "failed", "cancelled")

    def give_up(self) -> None:
        """Make the work end at its next `check`."""
        self._unwanted.set()

    def check(self) -> None:
        """End the work if `give_up` was called.

        Raises:
            CancelledError: it was called.
        """
        if self._unwanted.is_set():
            raise CancelledError

    def advance(self, progress: float, seconds_left: float) -> None:
        """Report the progress of the work, and `check`."""
        self.check()
        self.progress = progress
        self.seconds_left = seconds_left if math.isfinite(seconds_left) else None


class Jobs:
    """A queue of paintings and the threads that paint them.

    Args:
        folder: for the files of finished paintings; it must not exist yet.
        limits: how many jobs run at a time, wait and are kept, and for how long.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        folder.mkdir(mode=0o700, parents=True)
        self._folder = folder
        self._limits = limits
        self._changed = Condition()
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._running: set[Job] = set()
        self._seconds: deque[float] = deque(maxlen=8)
        self._closed = Event()
        self._threads = [Thread(target=self._paint_all, daemon=True) for _ in range(limits.workers)]
        self._threads.append(Thread(target=self._sweep_all, daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(self, kind: str, work: Work) -> Job:
        """Append work to the queue; one of the threads will do it.

        Raises:
            QueueFullError: too many jobs are waiting.
        """
        name = secrets.token_urlsafe(16)
        job = Job(name, kind, self._folder / name, work)
        with self._changed:
            idle = self._limits.workers - len(self._running)
            if len(self._waiting) >= self._limits.waiting + idle:
                raise QueueFullError(self._seconds_until_free())
            self._jobs[name] = job
            self._waiting.append(job)
            self._changed.notify()
        return job

    def find(self, name: str) -> Job | None:
        """Look up a job by its id; return None if it does not exist or was removed."""
        return self._jobs.get(name)

    def ahead(self, job: Job) -> int:
        """Count the paintings, in progress or in the queue, that come before a waiting job."""
        with self._changed:
            place = self._waiting.index(job) if job in self._waiting else 0
            return place + len(self._running) if job.state == "waiting" else 0

    def counts(self) -> dict[str, int]:
        """Count the paintings in progress and in the queue."""
        return {"running": len(self._running), "waiting": len(self._waiting)}

    def on_end(self, job: Job, listener: Callable[[], None]) -> None:
        """Call a function, from any thread, when the job ends, or now if it has ended."""
        with self._changed:
            if not job.ended:
                job._listeners.append(listener)
                return
        listener()

    def cancel(self, job: Job) -> None:
        """Remove a job from the queue, or make it end at its next step."""
        job.give_up()
        with self._changed:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        self._end(job, "cancelled")

    def forget(self, job: Job) -> None:
        """Cancel a job and remove its files."""
        self.cancel(job)
        self._jobs.pop(job.id, None)
        if job.ended:
            shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Cancel all jobs, end the threads and remove the files."""
        self._closed.set()
        for job in list(self._jobs.values()):
            self.cancel(job)
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _paint_all(self) -> None:
        while (job := self._next()) is not None:
            started = time.monotonic()
            self._end(job, _outcome(job))
            self._seconds.append(time.monotonic() - started)

    def _next(self) -> Job | None:
        """Wait for a job; return None when the queue is closed."""
        with self._changed:
            while not self._waiting:
                if self._closed.is_set():
                    return None
                self._changed.wait()
            job = self._waiting.popleft()
            self._running.add(job)
            job.state = "running"
            return job

    def _end(self, job: Job, state: State) -> None:
        """Set the final state of a job, and call its listeners."""
        job.work = None  # frees the pictures that it holds
        with self._changed:
            self._running.discard(job)
            job.ended_at = time.monotonic()
            job.state = state
            listeners, job._listeners = job._listeners, []
        if job.id not in self._jobs or state != "done":
            shutil.rmtree(job.folder, ignore_errors=True)
        for listener in listeners:
            with suppress(Exception):  # the client may have left
                listener()
        self._sweep()

    def _sweep_all(self) -> None:
        while not self._closed.wait(min(_LONGEST_SWEEP, self._limits.keep_seconds / 4)):
            self._sweep()

    def _sweep(self) -> None:
        """Remove the jobs that ended long ago, and the oldest ones if there are too many."""
        ended = sorted((j for j in list(self._jobs.values()) if j.ended), key=lambda j: j.ended_at)
        oldest = time.monotonic() - self._limits.keep_seconds
        surplus = len(ended) - self._limits.kept
        for number, job in enumerate(ended):
            if number < surplus or job.ended_at < oldest:
                self.forget(job)

    def _seconds_until_free(self) -> int:
        """Estimate the seconds until the next painting leaves the queue."""
        usual = sum(self._seconds) / len(self._seconds) if self._seconds else FIRST_GUESS
        left = [job.seconds_left for job in self._running if job.seconds_left is not None]
        return max(1, min(3600, math.ceil(max(usual / self._limits.workers, *left, 0.0))))


def _outcome(job: Job) -> State:
    """Do the work of a job, and return its final state."""
    assert job.work is not None, "it has not run yet"
    try:
        job.check()
        job.folder.mkdir(mode=0o700)
        job.result = job.work(job)
        job.check()
    except CancelledError:
        return "cancelled"
    except ImpastoError as problem:
        job.error, job.is_users_fault = str(problem), problem.exit_code == WRONG_INPUT
    except MemoryError:
        job.error = "not enough memory; choose a smaller size"
    except Exception:
        _log.exception("job %s failed", job.kind)
        job.error = "the painting failed; the log of the server says why"
    else:
        job.progress, job.seconds_left = 1.0, 0.0
        return "done"
    return "failed"
