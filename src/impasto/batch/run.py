"""Run the jobs of a batch: paint photos one after another, whatever fails among them."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeVar

from impasto.batch.job import Outcome
from impasto.errors import ImpastoError


class PhotoJob(Protocol):
    """A photo to paint, with either engine."""

    @property
    def name(self) -> str:
        """The name of the photo in messages."""


class Display(Protocol):
    """Shows the photos of a batch."""

    def photo(self, number: int, name: str) -> None:
        """Start a photo; numbers count from 1."""

    def warn(self, line: str) -> None:
        """Print a warning, each only once."""

    def painted(self, outcome: Outcome) -> None:
        """Print what was painted."""


class Failure(NamedTuple):
    """A photo that was not painted, by its name in messages, and why."""

    name: str
    problem: ImpastoError

    @property
    def reason(self) -> str:
        """The error without the photo's name before it."""
        return str(self.problem).removeprefix(f"{self.name}: ")


class Report(NamedTuple):
    """What became of the photos that were begun."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...]


JobKind = TypeVar("JobKind", bound=PhotoJob)


def run(
    jobs: Iterable[JobKind],
    paint: Callable[[JobKind], Outcome],
    shown: Display,
    *,
    single: bool = False,
) -> Report:
    """Paint photos; one that cannot be painted does not keep the others from it.

    Args:
        jobs: the photos.
        paint: paints one.
        shown: prints warnings and outcomes.
        single: whether there is only one photo. Its error is raised.

    Raises:
        ImpastoError: a single photo cannot be painted.
    """
    outcomes, failures = [], []
    for number, job in enumerate(jobs, start=1):
        if not single:
            shown.photo(number, job.name)
        try:
            outcome = paint(job)
        except ImpastoError as problem:
            if single:
                raise
            failures.append(Failure(job.name, problem))
            continue
        for notice in outcome.notices:
            shown.warn(notice)
        shown.painted(outcome)
        outcomes.append(outcome)
    return Report(tuple(outcomes), tuple(failures))
