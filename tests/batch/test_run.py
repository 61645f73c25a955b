"""The loop over the photos of a batch, with a pretended engine."""

from types import SimpleNamespace

import pytest

from impasto.batch.job import Outcome
from impasto.batch.run import run
from impasto.errors import InputError


class Shown:
    """Keeps what a display is told."""

    def __init__(self):
        self.lines = []

    def photo(self, number, name):
        self.lines.append(f"{number} {name}")

    def warn(self, line):
        self.lines.append(f"warning {line}")

    def painted(self, outcome):
        self.lines.append(outcome.summary)


def jobs(*names):
    return [SimpleNamespace(name=n) for n in names]


def paint(job):
    if job.name == "bad":
        raise InputError("bad: not a picture")
    return Outcome(f"{job.name}.png", (4, 3), 1.25, (f"{job.name} is small",))


def test_what_fails_does_not_keep_the_others_from_being_painted():
    shown = Shown()
    report = run(jobs("a", "bad", "b"), paint, shown)
    assert [outcome.name for outcome in report.outcomes] == ["a.png", "b.png"]
    [failure] = report.failures
    assert (failure.name, failure.reason) == ("bad", "not a picture")
    assert shown.lines == [
        "1 a",
        "warning a is small",
        "a.png: 4 x 3 pixels in 1.2 s",
        "2 bad",
        "3 b",
        "warning b is small",
        "b.png: 4 x 3 pixels in 1.2 s",
    ]


def test_errors_that_no_user_can_act_on_end_the_batch():
    with pytest.raises(ZeroDivisionError):
        run(jobs("a", "b"), lambda _: 1 / 0, Shown())


def test_a_single_photo_has_its_error():
    with pytest.raises(InputError, match="not a picture"):
        run(jobs("bad"), paint, Shown(), single=True)


def test_an_outcome_says_how_far_it_came():
    outcome = Outcome("x.png", (4, 3), 0.5, (), "stopped after 40% of the work")
    assert outcome.summary == "x.png: 4 x 3 pixels in 0.5 s, stopped after 40% of the work"
