import io
import math
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from impasto.batch.job import Outcome
from impasto.batch.optimize_job import OptimizeJob, OptimizeLook, paint
from impasto.cli import progress
from impasto.settings import OptimizeSettings

OUTCOME = Outcome("x.png", (4, 3), 0.5, ())
LINE = "x.png: 4 x 3 pixels in 0.5 s\n"


def step(left, done=0.1):
    scales = (SimpleNamespace(side=128, steps=9),)
    losses = {"content": 0.1, "style": 0.2}
    return SimpleNamespace(
        losses=losses, scale=0, scales=scales, step=1, done=done, seconds_left=left
    )


class Terminal(io.StringIO):
    """A terminal that remembers what it shows."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, in a list, which the test moves."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(("left", "told"), [(83.4, ", 1:23 left"), (math.inf, "")])
def test_the_time_left_is_told_once_it_is_known(left, told, capsys):
    progress.StepLines().step(step(left))
    assert capsys.readouterr().err.endswith(f"style 0.200{told}\n")


def test_the_time_left_is_that_of_all_photos(clock, capsys):
    """The first took 60 seconds, the second takes 40; the third as long as they on average."""
    shown = progress.StepLines(3)
    shown.photo(1, "a.jpg")
    clock[0] = 60
    shown.photo(2, "b.jpg")
    clock[0] = 70
    shown.step(step(30))
    assert capsys.readouterr().err.splitlines() == [
        "impasto: photo 1 of 3: a.jpg",
        "impasto: photo 2 of 3: b.jpg",
        "impasto: scale 1 of 1, 128 px, step 1 of 9: content 0.100 style 0.200, 1:20 left",
    ]


def test_a_warning_is_printed_once(capsys):
    shown = progress.Quiet()
    for line in ("a has 2 frames", "b is small", "a has 2 frames"):
        shown.warn(line)
    shown.photo(1, "a.jpg")
    shown.painted(OUTCOME)
    assert capsys.readouterr() == ("", "impasto: a has 2 frames\nimpasto: b is small\n")


def test_what_is_painted_is_told_beside_a_painting_that_is_piped(capsys):
    progress.Plain().painted(OUTCOME)
    assert capsys.readouterr() == (LINE, "")
    progress.Plain(piped=True).painted(OUTCOME)
    assert capsys.readouterr() == ("", LINE)


@pytest.mark.parametrize(
    ("terminal", "photos", "quiet", "steps", "at_once"),
    [
        (True, 2, False, progress.StepBar, progress.PhotoBar),
        (True, 1, False, progress.StepBar, progress.Plain),
        (False, 2, False, progress.StepLines, progress.Plain),
        (True, 2, True, progress.Quiet, progress.Quiet),
    ],
)
def test_the_display_suits_the_terminal(terminal, photos, quiet, steps, at_once):
    for choose, kind in ((progress.step_display, steps), (progress.photo_display, at_once)):
        with redirect_stderr(Terminal() if terminal else io.StringIO()):
            shown = choose(quiet=quiet, photos=photos)
        assert type(getattr(shown, "enter_result", shown)) is kind


def test_a_bar_of_steps_tells_what_is_painted(photo, wave, compact_weights, tmp_path):
    settings = OptimizeSettings(size=32, steps=2, encoder="compact", init="content")
    look = OptimizeLook(((wave, 1.0),), (), [], compact_weights, "cpu", settings)
    with redirect_stderr(Terminal()) as terminal, progress.step_display(quiet=False) as shown:
        paint(OptimizeJob(photo, tmp_path / "out.png", look), shown)
    assert "1/1 32 px 2/2" in terminal.getvalue()


def test_a_bar_of_photos_tells_the_time_left_from_the_fourth_on(clock, capsys):
    """The first takes longer, and does not count."""
    told = []
    with progress.PhotoBar(6) as shown:
        for number, start in enumerate((0, 100, 110, 120, 130, 140), start=1):
            clock[0] = start
            shown.photo(number, "a.jpg")
            told.append(shown.left())
        shown.painted(OUTCOME)
    assert told == ["", "", "", "0:30 left", "0:20 left", "0:10 left"]
    assert capsys.readouterr().out == LINE
